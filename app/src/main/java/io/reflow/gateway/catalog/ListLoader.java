package io.reflow.gateway.catalog;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.Upstreams;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the lists of targets, page by page, within limits for time and size.
final class ListLoader {

  private static final Logger LOG = LoggerFactory.getLogger(ListLoader.class);
  private static final int MAX_PAGES = 100;
  private static final int MAX_ITEMS = 10_000;
  private static final long MAX_BYTES = 64 << 20;

  /// Whatever a target says, it is asked again after so long.
  static final Duration LONGEST_TTL = Duration.ofHours(1);

  static final String TOO_SLOW = "takes too long to list its features";

  private final Upstreams upstreams;
  private final McpConfig config;

  ListLoader(Upstreams upstreams, McpConfig config) {
    this.upstreams = upstreams;
    this.config = config;
  }

  /// Asks for all pages, for no longer than a list may take.
  ///
  /// @throws UpstreamFailed when there is no list to be had
  TargetList load(Reach reach, ListKind kind, ServerFacts facts, Instant now)
      throws InterruptedException {
    Duration ttl =
        facts.offers(kind.announced()) ? config.list().announcedTtl() : config.list().silentTtl();
    if (!facts.offers(kind.capability())) {
      return TargetList.of(List.of(), now, now.plus(ttl), false, facts.version().stateless());
    }
    Whole whole = pages(reach, kind, strict(reach, facts));
    Duration asSaid = facts.version().stateless() ? whole.ttl(ttl) : ttl;
    return TargetList.of(whole.items, now, now.plus(asSaid), true, whole.open);
  }

  /// A list that is being put together of its pages.
  private static final class Whole {
    private final List<Item> items = new ArrayList<>();
    private OptionalLong ttlMs = OptionalLong.empty();
    private boolean open = true;
    private long bytes;

    void add(ListReader.Page page) {
      items.addAll(page.items());
      open &= page.open();
      bytes += page.bytes();
      page.ttlMs()
          .ifPresent(
              ms -> ttlMs = OptionalLong.of(Math.min(ms, ttlMs.orElse(LONGEST_TTL.toMillis()))));
    }

    boolean fits() {
      return items.size() < MAX_ITEMS && bytes < MAX_BYTES;
    }

    /// As the target says, where it does.
    Duration ttl(Duration otherwise) {
      return ttlMs.isPresent() ? Duration.ofMillis(ttlMs.getAsLong()) : otherwise;
    }
  }

  /// Headers matter where the target looks at them: it would refuse calls without the right ones.
  private static boolean strict(Reach reach, ServerFacts facts) {
    return facts.version().stateless() && !(reach.target().transport() instanceof Transport.Stdio);
  }

  private Whole pages(Reach reach, ListKind kind, boolean strict) throws InterruptedException {
    long end = System.nanoTime() + config.timeout().list().toNanos();
    var whole = new Whole();
    Set<String> cursors = new HashSet<>();
    RawJson params = RawJson.EMPTY_OBJECT;
    for (int page = 0; page < MAX_PAGES && whole.fits(); page++) {
      ListReader.Page read = page(reach, kind, params, strict, end);
      whole.add(read);
      if (read.nextCursor().isEmpty() || !cursors.add(read.nextCursor().get())) {
        return whole;
      }
      params = RawJson.of("{\"cursor\":" + JsonText.quote(read.nextCursor().get()) + "}");
    }
    LOG.atWarn()
        .addKeyValue("target", reach.target().name())
        .addKeyValue("method", kind.method())
        .log("The list has no end; the rest of it is left out");
    return whole;
  }

  private static boolean unknownMethod(RawJson error) {
    try {
      String code = Integer.toString(ErrorCode.METHOD_NOT_FOUND.value());
      return MessageReader.readObject(error)
          .value("code")
          .map(RawJson::toString)
          .filter(code::equals)
          .isPresent();
    } catch (MalformedMessage _) {
      return false;
    }
  }

  /// @param end when the whole list has to be there, as [System#nanoTime] counts
  private ListReader.Page page(Reach reach, ListKind kind, RawJson params, boolean strict, long end)
      throws InterruptedException {
    String target = reach.target().name();
    long nanos = end - System.nanoTime();
    if (nanos <= 0) {
      throw new UpstreamFailed(target, TOO_SLOW);
    }
    Duration left = Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
    var call = new UpstreamCall(kind.method(), params, OptionalLong.empty(), left, left);
    return switch (upstreams.call(reach, call, Caller.SILENT)) {
      case Answer.Result(var result, var _) -> {
        try {
          yield ListReader.read(kind, result, strict);
        } catch (MalformedMessage e) {
          throw new UpstreamFailed(
              target, "answered %s with garbage: %s".formatted(kind.method(), e.why()));
        }
      }
      // A server that offers resources need not know templates, and some offer what they do not
      // have at all: such a list is empty.
      case Answer.Failure(var error) when kind == ListKind.TEMPLATES || unknownMethod(error) ->
          ListReader.Page.EMPTY;
      case Answer.Failure _ -> throw new UpstreamFailed(target, "refused " + kind.method());
    };
  }
}
