/// The MCP endpoint: the request path of a message through the gateway, whole.
@NullMarked
package io.reflow.gateway.mcp;

import org.jspecify.annotations.NullMarked;
