/// JSON-RPC and MCP messages as bytes and small records; no I/O. May be imported by all.
@NullMarked
package io.reflow.gateway.protocol;

import org.jspecify.annotations.NullMarked;
