/// What tests share: a real database, whole gateways, scripted MCP servers.
@NullMarked
package io.reflow.gateway.testing;

import org.jspecify.annotations.NullMarked;
