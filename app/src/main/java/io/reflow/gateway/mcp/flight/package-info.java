/// Calls that wait for their client's next request, since a target has asked something meanwhile.
/// For the request path only.
@NullMarked
package io.reflow.gateway.mcp.flight;

import org.jspecify.annotations.NullMarked;
