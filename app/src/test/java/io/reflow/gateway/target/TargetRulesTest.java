package io.reflow.gateway.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.protocol.ClientCapabilities;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.json.bind.JsonbConfig;
import jakarta.json.bind.config.PropertyNamingStrategy;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetRulesTest {

  private static final Jsonb JSONB =
      JsonbBuilder.create(
          new JsonbConfig()
              .withPropertyNamingStrategy(PropertyNamingStrategy.LOWER_CASE_WITH_UNDERSCORES));

  @Test
  void acceptsEveryFieldThatHasAMeaningNow() {
    Target target =
        check(
            """
            {"name": "git-hub", "transport_type": "streamable-http", "url": "https://[::1]:8443/mcp?x=1",
             "statefulness": "stateless", "isolation_boundary": "per_user", "auth_type": "header",
             "auth_header_name": "X-Api-Key", "protocol": "legacy", "title": "Git", "priority": -3,
             "tool_prefix": "", "uri_mode": "passthrough", "capabilities": "superset",
             "features": {"instructions": false, "sampling": false, "ui": true}, "replay_safe": true,
             "trusted": true, "tty": false, "enabled": false, "description": "d"}
            """);

    assertThat(target.name()).isEqualTo("git-hub");
    assertThat(target.transport().wireName()).isEqualTo("streamable-http");
    assertThat(target.isolation()).isEqualTo(Isolation.PER_USER);
    assertThat(target.auth()).isEqualTo(new UpstreamAuth.Header("X-Api-Key"));
    assertThat(target.settings().protocol()).isEqualTo(ProtocolMode.LEGACY);
    assertThat(target.settings().instructions()).isFalse();
    assertThat(target.settings().capabilities()).isEqualTo(CapabilityMode.SUPERSET);
    assertThat(target.settings().usable(ClientCapabilities.ALL))
        .isEqualTo(
            ClientCapabilities.ALL.limitedTo(
                new ClientCapabilities.Kinds(true, false, true, true)));
    assertThat(target.settings().replaySafe()).isTrue();
    assertThat(target.priority()).isEqualTo(-3);
    assertThat(target.toolPrefix()).contains("");
    assertThat(target.enabled()).isFalse();
  }

  @Test
  void aProcessReachesTheNetworkUnlessItMayNot() {
    String process = "{'name': 'a', 'transport_type': 'stdio', 'command': 'npx'%s}";

    assertThat(check(process.formatted("").replace('\'', '"')).settings().network()).isTrue();
    assertThat(
            check(process.formatted(", 'network': false").replace('\'', '"')).settings().network())
        .isFalse();
  }

  @Test
  void defaultsToSharedWithoutAuthAndEnabled() {
    Target target = check("{\"name\": \"a\", \"transport_type\": \"stdio\", \"command\": \"npx\"}");

    assertThat(target.transport()).isEqualTo(new Transport.Stdio("npx", List.of()));
    assertThat(target.isolation()).isEqualTo(Isolation.SHARED);
    assertThat(target.auth()).isEqualTo(new UpstreamAuth.None());
    assertThat(target.enabled()).isTrue();
    assertThat(target.effectivePrefix()).isEqualTo("a");
  }

  @Test
  void aProcessMayHaveATerminal() {
    Target target =
        check(
            "{\"name\": \"a\", \"transport_type\": \"stdio\", \"command\": \"npx\", \"tty\":"
                + " true}");

    assertThat(target.transport()).isEqualTo(new Transport.Stdio("npx", List.of(), true));
    assertThat(TargetJson.of(target).tty()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a1", "git-hub", "0", "a234567890123456789012345678901234567890"})
  void acceptsNames(String name) {
    assertThat(TargetRules.name(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "A",
        "a_b",
        "-a",
        "a-",
        "a.b",
        "ä",
        "a\n",
        "a23456789012345678901234567890123456789012"
      })
  void refusesOtherNames(String name) {
    assertThatExceptionOfType(InvalidRequest.class)
        .isThrownBy(() -> TargetRules.name(name))
        .withMessageContaining("name");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "url | `'url': 'ftp://x'`",
        "url | `'url': '/mcp'`",
        "url | `'url': 'http:///mcp'`",
        "url | `'url': 'http://user:pass@host/'`",
        "url | `'url': 'http://user@host/'`",
        "url | `'url': 'http://host/#f'`",
        "url | `'url': 'http://ho st/'`",
        "url | `'url': 'http://host:99999/'`",
        "url is missing | `'url': null`",
        "command | `'command': 'x'`",
        "args | `'args': []`",
        "image | `'image': 'x'`",
        "port | `'port': 1`",
        "health_path | `'health_path': 'x'`",
        "resources | `'resources': {}`",
        "network does not belong | `'network': false`",
        "statefulness | `'statefulness': 'forgetful'`",
        "isolation_boundary | `'isolation_boundary': 'x'`",
        "auth_type | `'auth_type': 'basic'`",
        "auth_header_name | `'auth_type': 'header'`",
        "auth_header_name | `'auth_header_name': 'X-Key'`",
        "auth_header_name | `'auth_type': 'header', 'auth_header_name': 'a b'`",
        "auth_header_name | `'auth_type': 'header', 'auth_header_name': 'HOST'`",
        "auth_header_name | `'auth_type': 'header', 'auth_header_name': 'Mcp-Session-Id'`",
        "auth_header_name | `'auth_type': 'header', 'auth_header_name': 'Transfer-Encoding'`",
        "protocol is unknown | `'protocol': 'newest'`",
        "uri_mode | `'uri_mode': 'x'`",
        "capabilities | `'capabilities': 'x'`",
        "tty | `'tty': true`",
        "url does not belong | `'transport_type': 'kubernetes'`",
        "transport_type | `'transport_type': 'x'`",
        "features.x | `'features': {'x': true}`",
        "tool_prefix | `'tool_prefix': 'a_b'`"
      })
  void refusalNamesTheField(String message, String members) {
    String json =
        "{\"name\": \"a\", \"transport_type\": \"streamable-http\", \"url\": \"http://h/\", %s}"
            .formatted(members.replace('\'', '"'));

    assertThatExceptionOfType(InvalidRequest.class)
        .isThrownBy(() -> check(json))
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "command is missing | `'args': []`",
        "command | `'command': ' '`",
        "NUL | `'command': 'a\\u0000b'`",
        "args | `'command': 'x', 'args': ['a\\u0000']`",
        "args | `'command': 'x', 'args': [null]`",
        "url | `'command': 'x', 'url': 'http://h/'`",
        "auth_type | `'command': 'x', 'auth_type': 'bearer'`"
      })
  void refusesWhatIsNoProcess(String message, String members) {
    String json =
        "{\"name\": \"a\", \"transport_type\": \"stdio\", %s}"
            .formatted(members.replace('\'', '"'));

    assertThatExceptionOfType(InvalidRequest.class)
        .isThrownBy(() -> check(json))
        .withMessageContaining(message);
  }

  private static Target check(String json) {
    return TargetRules.check(
        new TargetId(UUID.randomUUID()), JSONB.fromJson(json, TargetRequestJson.class), true);
  }
}
