/// The MCP sessions of clients. Engine: imported by the endpoint only.
@NullMarked
package io.reflow.gateway.session;

import org.jspecify.annotations.NullMarked;
