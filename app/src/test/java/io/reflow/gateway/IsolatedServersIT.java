package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.NodeServers;
import io.reflow.gateway.testing.TestGateway;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Real MCP servers under every isolation: one that tells its environment, one that remembers in a
/// file that its environment names, and one for files.
class IsolatedServersIT {

  @TempDir private static Path folder;

  private static NodeServers servers;
  private static TestGateway gateway;
  private static String ann;
  private static String ben;

  @BeforeAll
  static void start() throws InterruptedException {
    servers = NodeServers.install();
    gateway = TestGateway.start();
    ann = gateway.userToken("ann@example.com", "dev", "red");
    ben = gateway.userToken("ben@example.com", "ops", "blue");
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
    }
  }

  private static String target(String name, String isolation, List<String> command) {
    Map<String, Object> fields = new HashMap<>(TestGateway.stdio(command));
    fields.put("isolation_boundary", isolation);
    String id = gateway.target(name, fields);
    String _ = gateway.allow(id, ann);
    String _ = gateway.allow(id, ben);
    return id;
  }

  /// A value for everybody, and others for each scope that is Ann's or Ben's.
  private static void values(String id, String key, String prefix) {
    Map<String, String> scopes =
        Map.of(
            "default",
            "all",
            "role/dev",
            "dev",
            "role/ops",
            "ops",
            "group/red",
            "red",
            "group/blue",
            "blue",
            "user/" + gateway.userId(ann),
            "ann",
            "user/" + gateway.userId(ben),
            "ben");
    scopes.forEach((scope, value) ->
        gateway
            .admin(
                "POST",
                "/api/targets/%s/env/%s".formatted(id, scope),
                Map.of("key", key, "value", prefix + value))
            .require(201));
  }

  private static String call(String token, String tool, Map<String, ?> arguments) {
    McpTestClient client = gateway.client(token).initialize();
    JsonNode result = client.callTool(tool, arguments).result();
    assertThat(result.path("isError").asBoolean()).as("%s", result).isFalse();
    return result.get("content").get(0).get("text").asText();
  }

  @ParameterizedTest
  @CsvSource({
    "shared, all, all",
    "per_role, dev, ops",
    "per_group, red, blue",
    "per_user, ann, ben"
  })
  void eachServesThoseItIsFor(String isolation, String ofAnn, String ofBen) {
    String suffix = isolation.replace("_", "-");
    String everything = target("everything-" + suffix, isolation, servers.everything());
    values(everything, "SECRET", "secret of ");
    String memory = target("memory-" + suffix, isolation, servers.memory());
    values(memory, "MEMORY_FILE_PATH", folder.resolve(suffix) + "-");
    String files = target("files-" + suffix, isolation, servers.filesystem(folder));

    String env = "everything-" + suffix + "_get-env";
    assertThat(call(ann, env, Map.of())).contains("\"secret of " + ofAnn + "\"");
    assertThat(call(ben, env, Map.of())).contains("\"secret of " + ofBen + "\"");

    String _ =
        call(
            ann,
            "memory-" + suffix + "_create_entities",
            Map.of(
                "entities",
                List.of(
                    Map.of("name", "Ann's", "entityType", "thing", "observations", List.of("x")))));
    String read = "memory-" + suffix + "_read_graph";
    assertThat(call(ann, read, Map.of())).contains("Ann's");
    assertThat(call(ben, read, Map.of()).contains("Ann's")).isEqualTo(ofAnn.equals(ofBen));

    String path = folder.resolve(suffix + ".txt").toString();
    String _ =
        call(ann, "files-" + suffix + "_write_file", Map.of("path", path, "content", "hello"));
    assertThat(call(ben, "files-" + suffix + "_read_text_file", Map.of("path", path)))
        .isEqualTo("hello");

    for (String id : List.of(everything, memory, files)) {
      int expected = ofAnn.equals(ofBen) ? 1 : 2;
      assertThat(gateway.admin("GET", "/api/targets/" + id + "/instances").json())
          .hasSize(expected);
      gateway.admin("DELETE", "/api/targets/" + id).require(204);
    }
  }
}
