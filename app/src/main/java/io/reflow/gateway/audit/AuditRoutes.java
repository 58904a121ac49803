package io.reflow.gateway.audit;

import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/// `GET /api/logs`: users see their own rows, admins all. A user's rows tell no more than the
/// answers did: a denied call looks like one of something that does not exist.
///
/// The answer is a bare array, newest first. When there may be more, its header `X-Next-Cursor`
/// holds what to send as `cursor` for the next page; pages neither repeat nor skip a row, whatever
/// is written meanwhile. A page whose rows are large holds fewer than were asked for.
public final class AuditRoutes {

  private static final int DEFAULT_LIMIT = 100;
  private static final int LARGEST_LIMIT = 500;
  private static final int LARGEST_OFFSET = 1_000_000;

  /// Rows may hold arguments and answers.
  private static final int READ_AT_ONCE = 100;

  private static final int LARGEST_PAGE = 4 << 20;

  private static final String NDJSON = "application/x-ndjson";
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final AuditStore store;
  private final ChainVerifier verifier;
  private final Exports exports = new Exports(PATIENCE);

  public AuditRoutes(Database database, ChainVerifier verifier) {
    this.store = new AuditStore(database);
    this.verifier = verifier;
  }

  public void list(Exchange<Authenticated> exchange) {
    AuditQuery query =
        query(exchange, number(exchange, "limit", 1, LARGEST_LIMIT).orElse(DEFAULT_LIMIT));
    Page page = page(query);
    page.next().ifPresent(next -> exchange.header("X-Next-Cursor", next.text()));
    exchange.content("application/json", AuditJson.array(shown(exchange, page.rows())));
  }

  /// @param next where there may be more
  private record Page(List<AuditStore.Found> rows, Optional<AuditCursor> next) {}

  /// Ends before the limit when the rows grow large.
  private Page page(AuditQuery query) {
    List<AuditStore.Found> rows = new ArrayList<>();
    long size = 0;
    AuditQuery part = query.limit(Math.min(query.limit(), READ_AT_ONCE));
    while (true) {
      List<AuditStore.Found> found = store.find(part);
      rows.addAll(found);
      if (found.size() < part.limit()) {
        return new Page(rows, Optional.empty());
      }
      size += found.stream().mapToLong(row -> size(row.row().entry())).sum();
      AuditCursor last = found.getLast().cursor();
      int left = query.limit() - rows.size();
      if (left == 0 || size >= LARGEST_PAGE) {
        return new Page(rows, Optional.of(last));
      }
      part = query.after(last).limit(Math.min(left, READ_AT_ONCE));
    }
  }

  private static long size(AuditEntry entry) {
    return (long) entry.intent().arguments().map(String::length).orElse(0)
        + entry.answer().map(String::length).orElse(0);
  }

  /// `GET /api/logs/export`: every row that the same parameters select, one JSON object a line.
  /// Read and written some rows at a time, so that it costs the same memory however long it is.
  public void export(Exchange<Authenticated> exchange) {
    AuditQuery query = query(exchange, READ_AT_ONCE);
    try (var _ = exports.begin(exchange.caller().identity().user(), admin(exchange))) {
      // What is wrong with the first rows is still told in the answer.
      List<AuditStore.Found> first = store.find(query);
      exchange.stream(
          NDJSON,
          out -> {
            List<AuditStore.Found> found = first;
            while (!found.isEmpty()) {
              out.write(AuditJson.lines(shown(exchange, found)));
              found =
                  found.size() < READ_AT_ONCE
                      ? List.of()
                      : store.find(query.after(found.getLast().cursor()));
            }
          });
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
