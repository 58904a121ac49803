package io.reflow.gateway.audit;

import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/// `GET /api/logs`: users see their own rows, admins all. A user's rows tell no more than the
/// answers did: a denied call looks like one of something that does not exist.
///
/// The answer is a bare array, newest first. When there may be more, its header `X-Next-Cursor`
/// holds what to send as `cursor` for the next page; pages neither repeat nor skip a row, whatever
/// is written meanwhile.
public final class AuditRoutes {

  private static final int DEFAULT_LIMIT = 100;
  private static final int LARGEST_LIMIT = 500;
  private static final int LARGEST_OFFSET = 1_000_000;

  private static final int EXPORTED_AT_ONCE = 1_000;
  private static final int EXPORTS = 4;
  private static final String NDJSON = "application/x-ndjson";
  private static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  private final AuditStore store;
  private final ChainVerifier verifier;
  private final Semaphore exports = new Semaphore(EXPORTS);

  public AuditRoutes(Database database, ChainVerifier verifier) {
    this.store = new AuditStore(database);
    this.verifier = verifier;
  }

  public void list(Exchange<Authenticated> exchange) {
    AuditQuery query =
        query(exchange, number(exchange, "limit", 1, LARGEST_LIMIT).orElse(DEFAULT_LIMIT));
    List<AuditStore.Found> found = store.find(query);
    if (found.size() == query.limit()) {
      exchange.header("X-Next-Cursor", found.getLast().cursor().text());
    }
    exchange.content("application/json", AuditJson.array(shown(exchange, found)));
  }

  /// `GET /api/logs/export`: every row that the same parameters select, one JSON object a line.
  /// Read and written a page at a time, so that it costs the same memory however long it is.
  public void export(Exchange<Authenticated> exchange) {
    AuditQuery query = query(exchange, EXPORTED_AT_ONCE);
    if (!exports.tryAcquire()) {
      throw new Overloaded(
          "%d exports are under way; try again later".formatted(EXPORTS), RETRY_AFTER);
    }
    try {
      // What is wrong with the first page is still told in the answer.
      List<AuditStore.Found> first = store.find(query);
      exchange.stream(
          NDJSON,
          out -> {
            List<AuditStore.Found> page = first;
            while (!page.isEmpty()) {
              out.write(AuditJson.lines(shown(exchange, page)));
              page =
                  page.size() < EXPORTED_AT_ONCE
                      ? List.of()
                      : store.find(query.after(page.getLast().cursor()));
            }
          });
    } finally {
      exports.release();
    }
  }

  /// `GET /api/logs/verify`: whether the rows recorded from one time to another are as they were
  /// written, and all there.
  public void verify(Exchange<Authenticated> exchange) {
    Verdict verdict =
        verifier.verify(
            time(exchange, "from"),
            time(exchange, "to"),
            parameter(
                exchange,
                "checkpoint",
                CheckpointId::parse,
                "a checkpoint as the log has it, <number>.<signature>"));
    exchange.ok(VerdictJson.of(verdict));
  }

  private static List<AuditRowJson> shown(
      Exchange<Authenticated> exchange, List<AuditStore.Found> found) {
    boolean admin = admin(exchange);
    return found.stream()
        .map(row -> admin ? AuditRowJson.of(row) : AuditRowJson.forUser(row))
        .toList();
  }

  private static Optional<Instant> time(Exchange<Authenticated> exchange, String name) {
    return parameter(exchange, name, AuditRoutes::instant, "a time such as 2026-01-31T12:00:00Z");
  }

  private static AuditQuery query(Exchange<Authenticated> exchange, int limit) {
    Optional<UUID> targetId = exchange.query("target").flatMap(AuditRoutes::uuid);
    return new AuditQuery(
        user(exchange),
        !admin(exchange),
        targetId.isPresent() ? Optional.empty() : exchange.query("target"),
        targetId.map(TargetId::new),
        exchange.query("method"),
        parameter(exchange, "outcome", AuditOutcome::find, "one of " + outcomes()),
        time(exchange, "from"),
        time(exchange, "to"),
        parameter(exchange, "cursor", AuditCursor::parse, "what X-Next-Cursor said"),
        limit,
        number(exchange, "offset", 0, LARGEST_OFFSET).orElse(0));
  }

  private static boolean admin(Exchange<Authenticated> exchange) {
    Authenticated caller = exchange.caller();
    return caller.identity().admin() && caller.mayUse(TokenScope.ADMIN);
  }

  private static Optional<UserId> user(Exchange<Authenticated> exchange) {
    Optional<UserId> asked =
        parameter(exchange, "user_id", AuditRoutes::uuid, "a UUID").map(UserId::new);
    Identity identity = exchange.caller().identity();
    if (admin(exchange)) {
      return asked;
    }
    if (asked.isPresent() && !asked.get().equals(identity.user())) {
      throw new NotPermitted("only admins may read the log of other users");
    }
    return Optional.of(identity.user());
  }

  private static Optional<Integer> number(
      Exchange<Authenticated> exchange, String name, int smallest, int largest) {
    return parameter(
        exchange,
        name,
        text -> wholeNumber(text).filter(number -> number >= smallest && number <= largest),
        "a number from %d to %d".formatted(smallest, largest));
  }

  private static <T> Optional<T> parameter(
      Exchange<Authenticated> exchange,
      String name,
      Function<String, Optional<T>> parser,
      String expected) {
    Optional<String> text = exchange.query(name);
    Optional<T> value = text.flatMap(parser);
    if (text.isPresent() && value.isEmpty()) {
      throw new InvalidRequest("the parameter '%s' must be %s".formatted(name, expected));
    }
    return value;
  }

  private static Optional<Integer> wholeNumber(String text) {
    try {
      return Optional.of(Integer.valueOf(text));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(UUID.fromString(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static Optional<Instant> instant(String text) {
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  private static String outcomes() {
    return String.join(
        ", ", List.of(AuditOutcome.values()).stream().map(AuditOutcome::wireName).toList());
  }
}
