package io.reflow.gateway.api;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.KeyRules;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetRequestJson;
import io.reflow.gateway.target.TargetRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads one server of the file that a client keeps.
final class DesktopConfig {

  private static final Set<String> READ =
      Set.of(
          "type",
          "transport",
          "command",
          "args",
          "env",
          "url",
          "serverUrl",
          "headers",
          "description",
          "disabled",
          "tty");
  private static final List<String> TYPES =
      List.of("stdio", "http", "streamable-http", "streamableHttp", "sse");
  private static final Pattern REFERENCE = Pattern.compile(".*\\$\\{[^}]*}.*", Pattern.DOTALL);
  private static final int LONGEST_NAME = 40;

  private DesktopConfig() {}

  /// The name rule's nearest to `source`, unlike any of `used`.
  static String name(String source, Set<String> used) {
    String name =
        source.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    String base = name.isEmpty() ? "target" : cut(name, LONGEST_NAME);
    String unique = base;
    for (int i = 2; used.contains(unique); i++) {
      unique = cut(base, LONGEST_NAME - 4) + "-" + i;
    }
    return unique;
  }

  /// The target that the entry describes.
  ///
  /// @throws InvalidRequest saying what can't be taken over and what to do about it
  static ImportedTarget read(String source, String name, @Nullable Object given) {
    if (!(given instanceof Map<?, ?> members)) {
      throw new InvalidRequest("it must be an object");
    }
    Map<String, @Nullable Object> entry = new TreeMap<>();
    members.forEach((member, each) -> entry.put(String.valueOf(member), each));
    checkType(entry.get("type"));
    List<String> ignored =
        entry.keySet().stream().filter(field -> !READ.contains(field)).sorted().toList();
    Map<String, Secret> secrets = new TreeMap<>();
    TargetRequestJson request =
        entry.get("command") != null ? process(name, entry) : server(name, entry, secrets);
    Target target =
        TargetRules.check(
            new TargetId(UUID.randomUUID()), request, !Objects.equals(entry.get("disabled"), true));
    texts("env", entry.get("env"))
        .forEach((key, value) -> secrets.put(KeyRules.key(key), secret("env." + key, value)));
    secrets.forEach((key, value) -> KeyRules.checkValue(target, key, value.reveal()));
    return new ImportedTarget(source, target, secrets, ignored);
  }

  /// A client says how it reaches a server in words of its own.
  private static void checkType(@Nullable Object type) {
    if (type != null && !(type instanceof String word && TYPES.contains(word))) {
      throw new InvalidRequest(
          "type must be one of %s: the gateway reaches servers in no other way"
              .formatted(String.join(", ", TYPES)));
    }
  }

  private static TargetRequestJson process(String name, Map<String, @Nullable Object> entry) {
    String command = text("command", entry.get("command"));
    refuseReference("command", command);
    List<String> arguments = new ArrayList<>();
    if (entry.get("args") != null) {
      if (!(entry.get("args") instanceof List<?> list)) {
        throw new InvalidRequest("args must be a list of texts");
      }
      list.forEach(argument -> arguments.add(text("args", argument)));
    }
    refuse(SecretHunt.inArguments(arguments));
    for (String argument : arguments) {
      refuseReference("args", argument);
    }
    boolean tty = Objects.equals(entry.get("tty"), true);
    return TargetRequestJson.stdio(name, command, arguments, tty);
  }

  private static TargetRequestJson server(
      String name, Map<String, @Nullable Object> entry, Map<String, Secret> secrets) {
    @Nullable Object given = entry.get("url") == null ? entry.get("serverUrl") : entry.get("url");
    if (given == null) {
      throw new InvalidRequest("command or url is missing");
    }
    boolean sse =
        Objects.equals(entry.get("type"), "sse") || Objects.equals(entry.get("transport"), "sse");
    String url = text("url", given);
    refuse(SecretHunt.inUrl(url));
    refuseReference("url", url);
    Map<String, String> headers = texts("headers", entry.get("headers"));
    if (headers.size() > 1) {
      throw new InvalidRequest(
          "headers has more than one member: a target can send one credential");
    }
    for (Map.Entry<String, String> header : headers.entrySet()) {
      Secret value = secret("headers." + header.getKey(), header.getValue());
      boolean bearer =
          header.getKey().equalsIgnoreCase("Authorization")
              && value.reveal().regionMatches(true, 0, "Bearer ", 0, 7);
      secrets.put(
          KeyRules.AUTH_TOKEN, bearer ? new Secret(value.reveal().substring(7).strip()) : value);
      return bearer
          ? remote(sse, name, url, "bearer", null)
          : remote(sse, name, url, "header", header.getKey());
    }
    return remote(sse, name, url, null, null);
  }

  private static TargetRequestJson remote(
      boolean sse,
      String name,
      String url,
      @Nullable String authType,
      @Nullable String authHeaderName) {
    return sse
        ? TargetRequestJson.sse(name, url, authType, authHeaderName)
        : TargetRequestJson.http(name, url, authType, authHeaderName);
  }

  private static Map<String, String> texts(String field, @Nullable Object value) {
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new InvalidRequest(field + " must be an object of texts");
    }
    Map<String, String> texts = new TreeMap<>();
    map.forEach((key, each) -> texts.put(String.valueOf(key), text(field + "." + key, each)));
    return texts;
  }

  private static String text(String field, @Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new InvalidRequest(field + " must be a text");
  }

  private static Secret secret(String field, String value) {
    refuseReference(field, value);
    return new Secret(value);
  }

  private static void refuseReference(String field, String value) {
    if (REFERENCE.matcher(value).matches()) {
      throw new InvalidRequest(
          field + " refers to ${...}, which only your client can fill in: put the value there");
    }
  }

  private static void refuse(Optional<String> reason) {
    reason.ifPresent(problem -> {
      throw new InvalidRequest(problem);
    });
  }

  private static String cut(String name, int length) {
    return name.length() <= length ? name : name.substring(0, length).replaceAll("-$", "");
  }
}
