package io.reflow.gateway.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import jakarta.json.bind.annotation.JsonbProperty;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.AbstractThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonBodyTest {

  public enum Effect {
    ALLOW,
    DENY
  }

  public record SubjectJson(@Nullable String subjectType, @Nullable String subjectValue) {}

  public record RuleJson(
      @Nullable UUID id,
      @Nullable String displayName,
      @Nullable Effect effect,
      int priority,
      @Nullable Long maxBytes,
      @Nullable Boolean enabled,
      @Nullable Double weight,
      @Nullable Instant createdAt,
      @Nullable List<String> args,
      @Nullable List<SubjectJson> subjects,
      @Nullable Map<String, String> configs,
      @Nullable Map<String, Object> extra) {}

  public record PasswordJson(
      @Nullable String current, @JsonbProperty("new") @Nullable String next) {

    public PasswordJson {
      if (next == null || next.length() < 8) {
        throw new InvalidRequest("'new' must have at least 8 characters");
      }
    }
  }

  @Test
  void bindsEveryKindOfMemberAndWritesItBack() {
    RuleJson rule =
        new RuleJson(
            UUID.randomUUID(),
            "Grüße \"quoted\"",
            Effect.DENY,
            -5,
            Long.MAX_VALUE,
            true,
            0.5,
            Instant.parse("2026-01-31T12:00:00.123Z"),
            List.of("a", ""),
            List.of(new SubjectJson("role", null)),
            Map.of("KEY_ONE", "value", "key-2", ""),
            Map.of("any", "thing"));

    assertThat(JsonBody.read(JsonBody.write(rule), RuleJson.class)).isEqualTo(rule);
  }

  @Test
  void namesMembersInSnakeCaseAndOmitsWhatIsNull() {
    SubjectJson subject = new SubjectJson("everyone", null);

    assertThat(new String(JsonBody.write(subject), UTF_8))
        .isEqualTo("{\"subject_type\":\"everyone\"}");
  }

  @Test
  void leavesWhatIsMissingOrNullToTheRecord() {
    RuleJson rule = read("{\"priority\":1,\"args\":null}", RuleJson.class);

    assertThat(rule.args()).isNull();
    assertThat(rule.displayName()).isNull();
  }

  @Test
  void takesMembersByTheNameOfTheirAnnotation() {
    assertThat(read("{\"current\":\"a\",\"new\":\"abcdefgh\"}", PasswordJson.class).next())
        .isEqualTo("abcdefgh");
  }

  @Test
  void passesOnWhatTheRecordItselfRefuses() {
    assertRefused("{\"new\":\"short\"}", PasswordJson.class)
        .hasMessage("'new' must have at least 8 characters");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'displayName':'x'}|'displayName' is not known here; known are id, display_name,",
        "{'subjects':[{},{'kind':'role'}]}|'subjects[1].kind' is not known here",
        "{'display_name':1}|'display_name' must be a string",
        "{'display_name':['a']}|'display_name' must be a string",
        "{'display_name':{}}|'display_name' must be a string",
        "{'args':'a'}|'args' must be an array",
        "{'args':{'0':'a'}}|'args' must be an array",
        "{'args':['a',2]}|'args[1]' must be a string",
        "{'subjects':['a']}|'subjects[0]' must be an object",
        "{'configs':[]}|'configs' must be an object",
        "{'configs':{'K':1}}|'configs.K' must be a string",
        "{'configs':{'K':'1','K':'2'}}|'configs.K' is there more than once",
        "{'priority':1,'priority':2}|'priority' is there more than once",
        "{'extra':{'a':{'b':1,'b':2}}}|'extra.a.b' is there more than once",
        "{'priority':'1'}|'priority' must be a whole number from -2147483648 to 2147483647",
        "{'priority':1.0}|'priority' must be a whole number",
        "{'priority':1e3}|'priority' must be a whole number",
        "{'priority':2147483648}|'priority' must be a whole number",
        "{'max_bytes':9223372036854775808}|'max_bytes' must be a whole number",
        "{'weight':'1'}|'weight' must be a number",
        "{'weight':NaN}|not valid JSON at line 1",
        "{'enabled':'true'}|'enabled' must be true or false",
        "{'enabled':1}|'enabled' must be true or false",
        "{'effect':'allow'}|'effect' must be one of ALLOW, DENY",
        "{'effect':0}|'effect' must be one of ALLOW, DENY",
        "{'id':'42'}|'id' must be a UUID",
        "{'id':'1-1-1-1-1'}|'id' must be a UUID",
        "{'created_at':'yesterday'}|'created_at' must be a time like",
        "{'created_at':1234}|'created_at' must be a time like",
        "[]|the body must be an object",
        "'x'|the body must be an object",
        "null|the body must be an object",
        "42|the body must be an object",
        "{}{}|more after its JSON value (line 1, column 3)",
        "{} x|not valid JSON at line 1, column",
        "{'priority':1|not valid JSON at line 1",
        "{'priority':1,}|not valid JSON at line 1, column 15",
        "{priority:1}|not valid JSON at line 1, column 2",
        "{'priority':01}|not valid JSON at line 1",
        "{'display_name':'a\tb'}|not valid JSON at line 1",
        "{'display_name':'\\ud800'}|''",
        "// no comments|not valid JSON at line 1",
      },
      quoteCharacter = '~')
  void saysWhatIsWrongAndWhere(String body, String message) {
    String json = body.replace('\'', '"');
    if (message.equals("''")) {
      assertThat(read(json, RuleJson.class)).isNotNull();
    } else {
      assertRefused(json, RuleJson.class).hasMessageContaining(message);
    }
  }

  @Test
  void namesTheLineOfABodyWithSeveral() {
    assertRefused("{\n  \"priority\": 1,\n  oops\n}", RuleJson.class)
        .hasMessageContaining("line 3, column");
  }

  @Test
  void refusesAnEmptyBody() {
    assertRefused("", RuleJson.class).hasMessage("the body is empty; it must be JSON");
    assertRefused(" \n", RuleJson.class).hasMessage("the body is empty; it must be JSON");
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    byte[] latin1 = {'{', '"', (byte) 0xe4, '"', ':', '1', '}'};

    assertThatThrownBy(() -> JsonBody.read(latin1, RuleJson.class))
        .isInstanceOf(InvalidRequest.class)
        .hasMessage("the body is not valid UTF-8");
  }

  @Test
  void refusesDeepNestingAnywhere() {
    String arrays = "[".repeat(10_000) + "]".repeat(10_000);
    String objects = "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000);

    assertRefused(arrays, RuleJson.class).hasMessageContaining("must be an object");
    assertRefused("{\"extra\":{\"x\":" + arrays + "}}", RuleJson.class)
        .hasMessageContaining("deeper than 64 levels");
    assertRefused("{\"extra\":" + objects + "}", RuleJson.class)
        .hasMessageContaining("deeper than 64 levels");
  }

  @Test
  void refusesNumbersAndNamesOfAbsurdLength() {
    assertRefused("{\"priority\":" + "1".repeat(5000) + "}", RuleJson.class)
        .hasMessageContaining("oversized number");
    assertRefused("{\"" + "n".repeat(100_000) + "\":1}", RuleJson.class)
        .hasMessageMatching("(?s).{1,300}");
  }

  private static <T> T read(String json, Class<T> type) {
    return JsonBody.read(json.getBytes(UTF_8), type);
  }

  private static AbstractThrowableAssert<?, ?> assertRefused(String json, Class<?> type) {
    return assertThatThrownBy(() -> read(json, type)).isInstanceOf(InvalidRequest.class);
  }
}
