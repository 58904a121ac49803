/// The load run: real servers in processes of their own, and what the gateway costs between a
/// client and them. Nothing of it is shipped.
@NullMarked
package io.reflow.gateway.bench;

import org.jspecify.annotations.NullMarked;
