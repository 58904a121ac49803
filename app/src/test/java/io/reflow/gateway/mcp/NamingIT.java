package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What tools are called when several targets are put together.
class NamingIT {

  private final FakeMcpServer first =
      new FakeMcpServer()
          .list("echo", "one", "second_echo")
          .answer("echo", "{\"from\":\"first\"}")
          .answer("second_echo", "{\"from\":\"false friend\"}");
  private final FakeMcpServer second =
      new FakeMcpServer().list("echo", "two").answer("echo", "{\"from\":\"second\"}");
  private @Nullable TestGateway started;

  @AfterEach
  void stop() {
    if (started != null) {
      started.close();
    }
    first.close();
    second.close();
  }

  private TestGateway start(String prefix) {
    TestGateway gateway = TestGateway.start(Map.of("MCP_NAMING_PREFIX", prefix));
    started = gateway;
    return gateway;
  }

  private static Map<String, Object> fields(FakeMcpServer server) {
    return new HashMap<>(TestGateway.http(server.url()));
  }

  private static String from(McpTestClient client, String tool) {
    return client.callTool(tool, Map.of()).result().get("from").asText();
  }

  @Test
  void withoutPrefixesTheFirstTargetKeepsItsNames() {
    TestGateway gateway = start("never");
    gateway.target("first", first);
    gateway.target("second", second);
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();

    assertThat(client.toolNames()).contains("echo", "one", "two").doesNotHaveDuplicates();
    assertThat(from(client, "echo")).isEqualTo("first");
    assertThat(client.toolNames().stream().filter(name -> name.endsWith("echo"))).hasSize(2);
  }

  @Test
  void priorityDecidesWhoIsFirst() {
    TestGateway gateway = start("never");
    gateway.target("first", first);
    Map<String, Object> fields = fields(second);
    fields.put("priority", -1);
    gateway.target("second", fields);
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();

    assertThat(client.toolNames())
        .containsExactly("echo", "two", "first_echo", "one", "second_echo");
    assertThat(from(client, "echo")).isEqualTo("second");
    assertThat(from(client, "first_echo")).isEqualTo("first");
  }

  @Test
  void prefixesComeWithTheSecondTargetWhenAutomatic() {
    TestGateway gateway = start("auto");
    gateway.target("first", first);
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    assertThat(client.toolNames()).containsExactly("echo", "one", "second_echo");
    assertThat(from(client, "echo")).isEqualTo("first");

    String id = gateway.target("second", second);
    assertThat(client.toolNames())
        .containsExactly(
            "first_echo", "first_one", "first_second_echo", "second_echo", "second_two");
    assertThat(from(client, "second_echo")).isEqualTo("second");

    String user = gateway.userToken("one@example.com", "user");
    gateway.allow(id, user);
    McpTestClient one = gateway.client(user).initialize();
    assertThat(one.toolNames()).containsExactly("echo", "two");
    assertThat(from(one, "echo")).isEqualTo("second");
  }

  @Test
  void noTargetPassesForAnother() {
    TestGateway gateway = start("always");
    Map<String, Object> fields = fields(first);
    fields.put("tool_prefix", "");
    gateway.target("first", fields);
    gateway.target("second", second);
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();

    assertThat(client.toolNames())
        .containsExactly("echo", "one", "first_second_echo", "second_echo", "second_two");
    assertThat(from(client, "second_echo")).isEqualTo("second");
  }

  @Test
  void aTargetThatIsDownKeepsItsNames() {
    TestGateway gateway = start("auto");
    gateway.target("first", first);
    gateway.target("gone", TestGateway.stdio(List.of("no-such-program")));
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();

    assertThat(client.toolNames()).containsExactly("first_echo", "first_one", "first_second_echo");
    assertThat(client.callTool("gone_echo", Map.of()).error().get("message").asText())
        .contains("'gone'");
  }
}
