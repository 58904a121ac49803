package io.reflow.gateway.target;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.Transport.Kubernetes;
import io.reflow.gateway.target.Transport.Sse;
import io.reflow.gateway.target.Transport.Stdio;
import io.reflow.gateway.target.Transport.StreamableHttp;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The table `targets`.
public final class TargetStore {

  private static final Logger LOG = LoggerFactory.getLogger(TargetStore.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Database database;

  public TargetStore(Database database) {
    this.database = database;
  }

  /// Every target that this version understands. One that it does not (a newer version wrote it) is
  /// left out, so nobody reaches it by rules that are only half known.
  public List<Target> all() {
    return database.run(db -> {
      try (Stream<DbRow> rows = db.query("select * from targets")) {
        return rows.map(TargetStore::understood).flatMap(Optional::stream).toList();
      }
    });
  }

  /// Whether there is such a target, understood or not.
  public boolean exists(TargetId id) {
    return database.run(db -> {
      try (Stream<DbRow> rows = db.query("select 1 from targets where id = ?", id.value())) {
        return rows.findAny().isPresent();
      }
    });
  }

  public void insert(Target target) {
    database.transaction(db -> {
      insert(db, target);
      return true;
    });
  }

  /// False if there is no such target.
  public boolean update(Target target) {
    Written columns = Written.of(target);
    return database.transaction(db ->
        db.createUpdate(
                """
                update targets set name = ?, transport_type = ?, url = ?, command = ?,
                  args = ?, isolation_boundary = ?, auth_type = ?, auth_header_name = ?,
                  protocol = ?, title = ?, description = ?, priority = ?, tool_prefix = ?,
                  features = cast(? as jsonb), replay_safe = ?, trusted = ?, statefulness = ?,
                 enabled = ?, uri_mode = ?, capabilities = ?, network = ?, tty = ?,
                  pod = cast(? as jsonb),
                  revision = revision + 1, updated_at = now()
                where id = ?
                """)
            .params(columns.valuesThen(target.id().value()))
            .execute())
        > 0;
  }

  /// False if there is no such target.
  public boolean delete(TargetId id) {
    return database.transaction(db -> db.delete("delete from targets where id = ?", id.value()))
        > 0;
  }

  /// As part of a larger transaction.
  public static void insert(DbExecute db, Target target) {
    db.createInsert(
            """
            insert into targets (name, transport_type, url, command, args, isolation_boundary,
              auth_type, auth_header_name, protocol, title, description, priority, tool_prefix,
              features, replay_safe, trusted, statefulness, enabled, uri_mode, capabilities,
              network, tty, pod, id)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, cast(? as jsonb), ?, ?, ?, ?, ?, ?, ?, ?,
              cast(? as jsonb), ?)
            """)
        .params(Written.of(target).valuesThen(target.id().value()))
        .execute();
  }

  private static Optional<Target> understood(DbRow row) {
    try {
      return Optional.of(target(row));
    } catch (IllegalArgumentException e) {
      LOG.atError()
          .addKeyValue("target", Columns.text(row, "name"))
          .log("A target is left out: this version does not understand it: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static Target target(DbRow row) {
    return new Target(
        new TargetId(Columns.uuid(row, "id")),
        Columns.text(row, "name"),
        transport(row),
        isolation(Columns.text(row, "isolation_boundary")),
        auth(row),
        (int) Columns.number(row, "priority"),
        Columns.optionalText(row, "title"),
        Columns.optionalText(row, "tool_prefix"),
        Columns.flag(row, "enabled"),
        Columns.number(row, "revision"),
        settings(row),
        Columns.instant(row, "created_at"),
        Columns.instant(row, "updated_at"));
  }

  private static Transport transport(DbRow row) {
    String type = Columns.text(row, "transport_type");
    return switch (type) {
      case "streamable-http" -> new StreamableHttp(URI.create(Columns.text(row, "url")));
      case "sse" -> new Sse(URI.create(Columns.text(row, "url")));
      case "stdio" ->
          new Stdio(
              Columns.text(row, "command"), Columns.texts(row, "args"), Columns.flag(row, "tty"));
      case "kubernetes" -> new Kubernetes(pod(Columns.optionalText(row, "pod").orElse("{}")));
      default -> throw new IllegalArgumentException("transport_type " + type);
    };
  }

  private static Pod pod(String json) {
    try {
      return PodRules.check(JSON.readValue(json, PodJson.class));
    } catch (JsonProcessingException | InvalidRequest e) {
      throw new IllegalArgumentException("pod: " + e.getMessage(), e);
    }
  }

  private static Isolation isolation(String wireName) {
    return Stream.of(Isolation.values())
        .filter(isolation -> isolation.wireName().equals(wireName))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("isolation_boundary " + wireName));
  }

  private static UpstreamAuth auth(DbRow row) {
    String type = Columns.text(row, "auth_type");
    return switch (type) {
      case "none" -> new UpstreamAuth.None();
      case "bearer" -> new UpstreamAuth.Bearer();
      case "header" -> new UpstreamAuth.Header(Columns.text(row, "auth_header_name"));
      default -> throw new IllegalArgumentException("auth_type " + type);
    };
  }

  private static TargetSettings settings(DbRow row) {
    String protocol = Columns.text(row, "protocol");
    return new TargetSettings(
        stateful(Columns.text(row, "statefulness")),
        ProtocolMode.find(protocol)
            .orElseThrow(() -> new IllegalArgumentException("protocol " + protocol)),
        features(Columns.text(row, "features")),
        Columns.flag(row, "replay_safe"),
        Columns.flag(row, "trusted"),
        uriMode(Columns.text(row, "uri_mode")),
        capabilities(Columns.text(row, "capabilities")),
        Columns.optionalText(row, "description"),
        Columns.flag(row, "network"));
  }

  private static boolean stateful(String statefulness) {
    return switch (statefulness) {
      case "stateful" -> true;
      case "stateless" -> false;
      default -> throw new IllegalArgumentException("statefulness " + statefulness);
    };
  }

  private static UriMode uriMode(String wireName) {
    return UriMode.find(wireName)
        .orElseThrow(() -> new IllegalArgumentException("uri_mode " + wireName));
  }

  private static CapabilityMode capabilities(String wireName) {
    return CapabilityMode.find(wireName)
        .orElseThrow(() -> new IllegalArgumentException("capabilities " + wireName));
  }

  private static Map<String, Boolean> features(String json) {
    try {
      return JSON.readValue(json, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("features", e);
    }
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("can't be written as JSON", e);
    }
  }

  /// The columns that an admin writes, in the order of the statements above.
  private record Written(List<@Nullable Object> values) {

    static Written of(Target target) {
      Transport transport = target.transport();
      TargetSettings settings = target.settings();
      return new Written(
          Arrays.asList(
              target.name(),
              transport.wireName(),
              transport.address().map(URI::toString).orElse(null),
              transport instanceof Stdio(var command, _, _) ? command : null,
              transport instanceof Stdio(_, var arguments, _)
                  ? arguments.toArray(String[]::new)
                  : new String[0],
              target.isolation().wireName(),
              target.auth().wireName(),
              target.auth() instanceof UpstreamAuth.Header(var name) ? name : null,
              settings.protocol().wireName(),
              target.title().orElse(null),
              settings.description().orElse(null),
              target.priority(),
              target.toolPrefix().orElse(null),
              json(settings.features()),
              settings.replaySafe(),
              settings.trusted(),
              settings.stateful() ? "stateful" : "stateless",
              target.enabled(),
              settings.uriMode().wireName(),
              settings.capabilities().wireName(),
              settings.network(),
              transport instanceof Stdio(_, _, var tty) && tty,
              transport instanceof Kubernetes(var pod) ? json(PodJson.of(pod)) : null));
    }

    List<@Nullable Object> valuesThen(UUID id) {
      List<@Nullable Object> all = new ArrayList<>(values);
      all.add(id);
      return all;
    }
  }
}
