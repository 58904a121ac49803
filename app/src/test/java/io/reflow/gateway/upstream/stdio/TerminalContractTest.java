package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.UpstreamFixtures;

final class TerminalContractTest extends ProcessContract {

  @Override
  protected Transport.Stdio transport() {
    return UpstreamFixtures.onTerminal(UpstreamFixtures.stdio(StdioServer.command()));
  }
}
