package io.reflow.gateway.mcp;

import io.reflow.gateway.testing.BearerForwarder;
import io.reflow.gateway.testing.ConformanceSuite;
import io.reflow.gateway.testing.ConformanceSuite.Era;
import io.reflow.gateway.testing.ConformanceSuite.Outcome;
import io.reflow.gateway.testing.RunningServer;
import io.reflow.gateway.testing.TestGateway;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A gateway before servers that have all that the conformance suite asks for, and a forwarder
/// before the gateway that logs the suite in as an ordinary user with an API token.
final class ConformanceGateway implements AutoCloseable {

  /// What stands behind the gateway.
  enum Behind {
    AUTO("one server of both eras"),
    MODERN("one server of the stateless era"),
    LEGACY("one server of the initialize era"),
    TWO("two servers, one of each era"),
    STDIO("one server of both eras over STDIO");

    private final String words;

    Behind(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  private final List<RunningServer> servers = new ArrayList<>();
  private final TestGateway gateway;
  private final BearerForwarder forwarder;
  private final String login;

  ConformanceGateway() {
    this.gateway = TestGateway.start();
    this.login = gateway.userToken("suite@example.com", "user");
    this.forwarder = BearerForwarder.start(gateway.port(), gateway.apiToken(login, "conformance"));
  }

  /// Starts one with the servers of an arrangement.
  static ConformanceGateway before(ConformanceSuite suite, Behind behind) {
    var started = new ConformanceGateway();
    try {
      started.add(suite, behind);
      return started;
    } catch (RuntimeException | Error e) {
      started.close();
      throw e;
    }
  }

  private void add(ConformanceSuite suite, Behind behind) {
    switch (behind) {
      case AUTO -> http(suite, Era.BOTH, "fixture", "");
      case MODERN -> http(suite, Era.MODERN, "fixture", "");
      case LEGACY -> http(suite, Era.LEGACY, "fixture", "");
      case TWO -> {
        http(suite, Era.MODERN, "fixture", "");
        http(suite, Era.LEGACY, "other", "other");
      }
      case STDIO -> {
        var fields = new HashMap<String, Object>(TestGateway.stdio(suite.stdio(Era.BOTH)));
        fields.put("tool_prefix", "");
        fields.put("isolation_boundary", "per_user");
        add("fixture", fields);
      }
    }
  }

  private void http(ConformanceSuite suite, Era era, String name, String prefix) {
    RunningServer server = suite.serve(era);
    servers.add(server);
    var fields = new HashMap<String, Object>(TestGateway.http(server.url()));
    fields.put("tool_prefix", prefix);
    add(name, fields);
  }

  private void add(String name, Map<String, ?> fields) {
    String _ = gateway.allow(gateway.target(name, fields), login);
  }

  /// Where the suite goes; it cannot log in, so the forwarder does.
  URI url() {
    return forwarder.uri("/mcp");
  }

  /// Plays a scenario in which the suite is the server, which for that time is the only one behind
  /// the gateway.
  ///
  /// @param era `legacy` or `modern`: how the client speaks to the gateway
  Outcome play(ConformanceSuite suite, String scenario, String revision, String era)
      throws InterruptedException {
    Map<String, String> environment =
        Map.of(
            "GATEWAY_URL", gateway.uri("/").toString(),
            "GATEWAY_TOKEN", gateway.adminToken(),
            "CLIENT_ERA", era);
    List<String> command = List.of(suite.node(), suite.file("client/behind-gateway.mjs"));
    return suite.client(command, environment, revision, scenario);
  }

  /// What is known to fail with these servers behind, and can't be helped.
  static Optional<String> baseline(Behind behind) {
    return behind == Behind.LEGACY ? Optional.of("legacy-server.yml") : Optional.empty();
  }

  @Override
  public void close() {
    forwarder.close();
    gateway.close();
    servers.forEach(RunningServer::close);
  }
}
