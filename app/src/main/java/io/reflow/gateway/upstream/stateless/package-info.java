/// Targets of the era in which each request carries its own context, over whatever transport.
@NullMarked
package io.reflow.gateway.upstream.stateless;

import org.jspecify.annotations.NullMarked;
