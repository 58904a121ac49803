/// Which era of MCP a target speaks: how it is found out and remembered.
@NullMarked
package io.reflow.gateway.upstream.era;

import org.jspecify.annotations.NullMarked;
