/// The MCP servers behind the gateway. A noun: imported by rules, engine and endpoint.
@NullMarked
package io.reflow.gateway.target;

import org.jspecify.annotations.NullMarked;
