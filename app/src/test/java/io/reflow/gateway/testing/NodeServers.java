package io.reflow.gateway.testing;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Real MCP servers from npm, ready to run.
public final class NodeServers {

  private final NodePackages packages;

  private NodeServers(NodePackages packages) {
    this.packages = packages;
  }

  /// The servers. Where there is no Node the test is skipped, but not in CI.
  public static NodeServers install() throws InterruptedException {
    return new NodeServers(NodePackages.install("npm"));
  }

  /// The command of the server that has something of everything.
  public List<String> everything() {
    return command("server-everything", "stdio");
  }

  /// The command of the server that reads and writes files below a folder.
  public List<String> filesystem(Path folder) {
    return command("server-filesystem", folder.toString());
  }

  /// The command of the server that remembers what it is told, for as long as it runs.
  public List<String> memory() {
    return command("server-memory");
  }

  private List<String> command(String server, String... arguments) {
    Path script = Path.of("@modelcontextprotocol", server, "dist", "index.js");
    return Stream.concat(packages.command(script).stream(), Stream.of(arguments)).toList();
  }

  /// Starts the server that has something of everything over Streamable HTTP.
  public RunningServer everythingOverHttp() {
    return RunningServer.start(everythingForPods(), "/mcp");
  }

  /// The command of the same server, which listens where its variable `PORT` says.
  public List<String> everythingForPods() {
    return command("server-everything", "streamableHttp");
  }

  /// Starts the same server over HTTP+SSE.
  public RunningServer everythingOverSse() {
    return RunningServer.start(command("server-everything", "sse"), "/sse");
  }
}
