package io.reflow.gateway.catalog;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.translation.ResourceUris;
import io.reflow.gateway.upstream.Reach;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Puts the lists of several targets together as one caller may see them: in the order of the
/// targets, then in each target's own order, filtered by policy, under the names that the caller
/// has to use. A target that can't be listed is named in the result, never left out in silence.
public final class MergedLists {

  private static final String UNAVAILABLE = "com.reflow/unavailable";
  private static final Duration PARTIAL_TTL = Duration.ofSeconds(5);

  private final ParallelLists lists;
  private final PolicyEngine policies;
  private final Names names;
  private final Cursors cursors;
  private final McpConfig config;
  private final InstantSource clock;

  public MergedLists(
      ParallelLists lists,
      PolicyEngine policies,
      Names names,
      Cursors cursors,
      McpConfig config,
      InstantSource clock) {
    this.lists = lists;
    this.policies = policies;
    this.names = names;
    this.cursors = cursors;
    this.config = config;
    this.clock = clock;
  }

  /// Who asks for a list.
  ///
  /// @param client the revision that the client speaks
  /// @param bare whether names carry no prefix, as on the path of a single target
  public record Audience(Identity caller, ProtocolVersion client, boolean bare) {}

  /// A target that the caller may see, and why it can't be called.
  public record Unusable(Target target, GatewayException reason) {}

  /// One page of the merged list, as the `result` of the answer. Clients of the stateless era are
  /// told how long they may keep it, and for whom.
  ///
  /// @param reaches the targets to put together, in their order
  /// @param unusable targets that belong there too but can't be called
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when none of the targets can
  ///   be listed
  public RawJson page(
      Audience audience,
      List<Reach> reaches,
      List<Unusable> unusable,
      ListKind kind,
      Optional<String> cursor)
      throws InterruptedException {
    Cursors.Position after =
        cursor
            .map(text -> cursors.open(kind, audience.caller().user(), text))
            .orElse(Cursors.Position.START);
    List<ParallelLists.Listed> listed = lists.all(reaches, kind);
    refuseIfAllFailed(listed, unusable);
    List<Target> targets =
        Stream.concat(reaches.stream().map(Reach::target), unusable.stream().map(Unusable::target))
            .toList();
    var page = new Page(audience, kind, after);
    var taken = new Taken(audience.bare(), targets);
    for (ParallelLists.Listed entry : listed) {
      switch (entry) {
        case ParallelLists.Listed.Found(var reach, var list) ->
            page.add(new TargetEntries(reach, list, exposed(kind, reach, list, taken)));
        case ParallelLists.Listed.Missing(var reach, var reason) ->
            page.missing(reach.target(), reason);
      }
    }
    unusable.forEach(each -> page.missing(each.target(), each.reason()));
    return page.render();
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static void refuseIfAllFailed(
      List<ParallelLists.Listed> listed, List<Unusable> unusable) {
    List<String> reasons = new ArrayList<>();
    unusable.forEach(each -> reasons.add(each.reason().reason()));
    for (ParallelLists.Listed entry : listed) {
      if (entry instanceof ParallelLists.Listed.Missing(var _, GatewayException reason)) {
        reasons.add(reason.reason());
      }
    }
    if (!reasons.isEmpty() && reasons.size() == listed.size() + unusable.size()) {
      throw UpstreamFailed.all(reasons);
    }
  }

  /// The names that are spoken for while a list is put together.
  private final class Taken {
    private final boolean bare;
    private final boolean several;
    private final Set<String> prefixes = new HashSet<>();
    private final List<ResourceUris> wrapped;
    private final Set<String> names = new HashSet<>();

    Taken(boolean bare, List<Target> targets) {
      this.bare = bare;
      this.several = targets.size() > 1;
      this.wrapped = targets.stream().map(ResourceUris::of).filter(ResourceUris::wraps).toList();
      for (Target target : bare ? List.<Target>of() : targets) {
        String prefix = MergedLists.this.names.prefix(target, several);
        if (!prefix.isEmpty()) {
          prefixes.add(prefix);
        }
      }
    }

    boolean add(String name) {
      return names.add(name);
    }

    /// A bare name that begins like those of another target.
    boolean passesForAnother(String name) {
      return prefixes.stream().anyMatch(name::startsWith);
    }

    /// A URI of a target that is shown as it is, but looks like a wrapped one.
    boolean claimed(String uri) {
      return wrapped.stream().anyMatch(uris -> uris.claims(uri));
    }
  }

  private List<Entry> exposed(ListKind kind, Reach reach, TargetList list, Taken taken) {
    return kind.named()
        ? exposedNames(reach.target(), list, taken)
        : exposedUris(reach.target(), list, taken);
  }

  /// The entries of one target under their exposed names. A name that is taken by an earlier
  /// target, or that looks like another target's, is exposed under its own target's name.
  private List<Entry> exposedNames(Target target, TargetList list, Taken taken) {
    List<Entry> entries = new ArrayList<>(list.items().size());
    String prefix = taken.bare ? "" : names.prefix(target, taken.several);
    for (Item item : list.items()) {
      String exposed = taken.bare ? item.name() : names.exposed(prefix, item.name(), target);
      boolean lookalike = prefix.isEmpty() && taken.passesForAnother(exposed);
      if (lookalike || !taken.add(exposed)) {
        exposed = names.exposed(names.forcedPrefix(target), item.name(), target);
        if (!taken.add(exposed)) {
          continue;
        }
      }
      entries.add(new Entry(item, exposed));
    }
    return entries;
  }

  /// The entries of one target under the URIs that clients use. Of equal ones the first counts.
  private static List<Entry> exposedUris(Target target, TargetList list, Taken taken) {
    List<Entry> entries = new ArrayList<>(list.items().size());
    ResourceUris uris = ResourceUris.of(target);
    for (Item item : list.items()) {
      String exposed = uris.exposed(item.name());
      boolean lookalike = !uris.wraps() && taken.claimed(exposed);
      if (!lookalike && taken.add(exposed)) {
        entries.add(new Entry(item, exposed));
      }
    }
    return entries;
  }

  private record Entry(Item item, String exposed) {}

  private record TargetEntries(Reach reach, TargetList list, List<Entry> entries) {

    /// Whether all callers of the gateway are shown the same.
    boolean open() {
      return list.open() && reach.key().sharing() instanceof InstanceKey.Sharing.Everyone;
    }
  }

  /// The page while it is being filled.
  private final class Page {
    private final Audience audience;
    private final ListKind kind;
    private final Cursors.Position after;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(8192);
    private final List<Map.Entry<Target, GatewayException>> missing = new ArrayList<>();
    private int count;
    private Cursors.Position last = Cursors.Position.START;
    private boolean more;
    private final Instant now = clock.instant();
    private Duration fresh = ListLoader.LONGEST_TTL;
    private boolean open = policies.sameForAll();

    Page(Audience audience, ListKind kind, Cursors.Position after) {
      this.audience = audience;
      this.kind = kind;
      this.after = after;
      write("{\"" + kind.member() + "\":[");
    }

    void add(TargetEntries entries) {
      fresh = shorter(fresh, Duration.between(now, entries.list().freshUntil()));
      open &= entries.open();
      Target target = entries.reach().target();
      ResourceUris uris = ResourceUris.of(target);
      List<Entry> all = entries.entries();
      for (int index = 0; index < all.size() && !more; index++) {
        Entry entry = all.get(index);
        if (isBehind(target, index) && allowed(target, entry.item())) {
          add(target, uris, index, entry);
        }
      }
    }

    private void add(Target target, ResourceUris uris, int index, Entry entry) {
      if (count == config.list().pageSize()) {
        more = true;
        return;
      }
      if (count++ > 0) {
        out.write(',');
      }
      write(entry.item().exposedAs(entry.exposed(), kind, audience.client(), uris));
      last = new Cursors.Position(target.priority(), target.name(), index);
    }

    private boolean isBehind(Target target, int index) {
      if (after.equals(Cursors.Position.START)) {
        return true;
      }
      int order = Integer.compare(target.priority(), after.priority());
      int byName = order != 0 ? order : target.name().compareTo(after.target());
      return byName != 0 ? byName > 0 : index > after.index();
    }

    private boolean allowed(Target target, Item item) {
      var feature = new Feature(target.id(), kind.feature(), item.name());
      return policies.decide(audience.caller(), feature) instanceof Decision.Allowed;
    }

    void missing(Target target, GatewayException reason) {
      missing.add(Map.entry(target, reason));
    }

    RawJson render() {
      write("]");
      if (audience.client().stateless()) {
        write(",\"ttlMs\":%d,\"cacheScope\":\"%s\"".formatted(ttlMs(), scope()));
      }
      if (more) {
        write(
            ",\"nextCursor\":"
                + JsonText.quote(cursors.seal(kind, audience.caller().user(), last)));
      }
      if (!missing.isEmpty()) {
        write(",\"_meta\":{\"" + UNAVAILABLE + "\":[" + String.join(",", reasons()) + "]}");
      }
      write("}");
      byte[] bytes = out.toByteArray();
      return new RawJson(bytes, 0, bytes.length);
    }

    /// What is not whole is to be asked for again soon.
    private long ttlMs() {
      Duration most = missing.isEmpty() ? fresh : shorter(fresh, PARTIAL_TTL);
      return Math.max(0, most.toMillis());
    }

    private String scope() {
      return open ? "public" : "private";
    }

    private List<String> reasons() {
      return missing.stream()
          .map(entry ->
              "{\"target\":%s,\"reason\":%s}"
                  .formatted(
                      JsonText.quote(entry.getKey().name()),
                      JsonText.quote(entry.getValue().reason())))
          .toList();
    }

    private void write(String text) {
      out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    private void write(RawJson json) {
      out.write(json.array(), json.from(), json.length());
    }
  }
}
