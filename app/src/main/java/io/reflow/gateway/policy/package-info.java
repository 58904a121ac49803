/// Who may reach what. A rule: imported by engine and endpoint.
@NullMarked
package io.reflow.gateway.policy;

import org.jspecify.annotations.NullMarked;
