package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Real MCP clients from npm. Each runs in a process of its own and tells what it got.
public final class NodeClients {

  private static final Path INSPECTOR =
      Path.of(
          "node_modules",
          "@modelcontextprotocol",
          "inspector",
          "clients",
          "launcher",
          "build",
          "index.js");
  private static final Path REMOTE = Path.of("node_modules", "mcp-remote", "dist", "proxy.js");
  private static final long RUN_SECONDS = 60;

  private final NodePackages packages;
  private final ConformanceSuite suite;
  private final Path home;

  private NodeClients(NodePackages packages, ConformanceSuite suite, Path home) {
    this.packages = packages;
    this.suite = suite;
    this.home = home;
  }

  /// The clients. Where there is no Node the test is skipped, but not in CI.
  ///
  /// @param home a folder where clients may keep what they like to keep
  public static NodeClients install(Path home) throws InterruptedException {
    return new NodeClients(
        NodePackages.install("npm"), ConformanceSuite.install(), home.toAbsolutePath());
  }

  /// The official inspector on the command line.
  ///
  /// @param era `legacy`, `auto` or `modern`
  public JsonNode inspector(URI url, String token, String era, String... arguments)
      throws InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                suite.node(),
                packages.file(INSPECTOR),
                "--cli",
                url.toString(),
                "--transport",
                "http",
                "--header",
                "Authorization: Bearer " + token,
                "--protocol-era",
                era,
                "--format",
                "json",
                "--quiet"));
    command.addAll(List.of(arguments));
    return run(command);
  }

  /// The client of the TypeScript SDK, version 1.
  ///
  /// @param transport `http` or `sse`
  public JsonNode first(URI url, String token, String transport) throws InterruptedException {
    return run(
        List.of(
            packages.node(),
            packages.file(Path.of("v1-client.mjs")),
            url.toString(),
            token,
            transport));
  }

  /// The client of the TypeScript SDK, version 2.
  ///
  /// @param era `legacy`, `auto` or `modern`
  public JsonNode second(URI url, String token, String era) throws InterruptedException {
    return run(
        List.of(suite.node(), suite.file("client/v2-client.mjs"), url.toString(), token, era));
  }

  /// The command of a STDIO server that is really a way to one over HTTP.
  public List<String> remote(URI url, String token) {
    return List.of(
        "/usr/bin/env",
        "HOME=" + home,
        suite.node(),
        packages.file(REMOTE),
        url.toString(),
        "--header",
        "Authorization: Bearer " + token);
  }

  /// The same with the arguments and the environment of a client's configuration.
  ///
  /// @param arguments without those that make npx run it
  public List<String> remote(List<String> arguments, Map<String, String> environment) {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "HOME=" + home));
    environment.forEach((name, value) -> command.add(name + "=" + value));
    command.add(suite.node());
    command.add(packages.file(REMOTE));
    command.addAll(arguments);
    return command;
  }

  private JsonNode run(List<String> command) throws InterruptedException {
    try {
      Path out = Files.createTempFile(home, "out", ".json");
      Path errors = Files.createTempFile(home, "errors", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(errors.toFile());
      builder.environment().put("HOME", home.toString());
      Process process = builder.start();
      if (!process.waitFor(RUN_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        Process _ = process.destroyForcibly();
        throw new AssertionError("the client took too long: " + Files.readString(errors));
      }
      if (process.exitValue() != 0) {
        throw new AssertionError("the client failed: " + Files.readString(errors));
      }
      return TestGateway.parse(Files.readString(out, UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
