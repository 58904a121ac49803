package io.reflow.gateway.catalog;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Reach;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
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

  private final ParallelLists lists;
  private final PolicyEngine policies;
  private final Names names;
  private final Cursors cursors;
  private final McpConfig config;

  public MergedLists(
      ParallelLists lists, PolicyEngine policies, Names names, Cursors cursors, McpConfig config) {
    this.lists = lists;
    this.policies = policies;
    this.names = names;
    this.cursors = cursors;
    this.config = config;
  }

  /// A target that the caller may see, and why it can't be called.
  public record Unusable(Target target, GatewayException reason) {}

  /// One page of the merged list, as the `result` of the answer.
  ///
  /// @param reaches the targets to put together, in their order
  /// @param unusable targets that belong there too but can't be called
  /// @param bare whether names carry no prefix, as on the path of a single target
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when none of the targets can
  ///   be listed
  public RawJson page(
      Identity caller,
      List<Reach> reaches,
      List<Unusable> unusable,
      boolean bare,
      ListKind kind,
      Optional<String> cursor)
      throws InterruptedException {
    Cursors.Position after =
        cursor.map(text -> cursors.open(kind, caller.user(), text)).orElse(Cursors.Position.START);
    List<ParallelLists.Listed> listed = lists.all(reaches, kind);
    refuseIfAllFailed(listed, unusable);
    List<Target> targets =
        Stream.concat(reaches.stream().map(Reach::target), unusable.stream().map(Unusable::target))
            .toList();
    var page = new Page(caller, kind, after);
    Set<String> taken = new HashSet<>();
    Set<String> prefixes = bare ? Set.of() : prefixes(targets);
    for (ParallelLists.Listed entry : listed) {
      switch (entry) {
        case ParallelLists.Listed.Found(var reach, var list) ->
            page.add(exposed(kind, reach, list, bare, targets.size() > 1, prefixes, taken));
        case ParallelLists.Listed.Missing(var reach, var reason) ->
            page.missing(reach.target(), reason);
      }
    }
    unusable.forEach(each -> page.missing(each.target(), each.reason()));
    return page.render();
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

  private Set<String> prefixes(List<Target> targets) {
    Set<String> prefixes = new HashSet<>();
    for (Target target : targets) {
      String prefix = names.prefix(target, targets.size() > 1);
      if (!prefix.isEmpty()) {
        prefixes.add(prefix);
      }
    }
    return prefixes;
  }

  /// The entries of one target under their exposed names. A name that is taken by an earlier
  /// target, or that looks like another target's, is exposed under its own target's name.
  private TargetEntries exposed(
      ListKind kind,
      Reach reach,
      TargetList list,
      boolean bare,
      boolean several,
      Set<String> prefixes,
      Set<String> taken) {
    List<Entry> entries = new ArrayList<>(list.items().size());
    String prefix = bare || !kind.named() ? "" : names.prefix(reach.target(), several);
    for (Item item : list.items()) {
      String exposed =
          kind.named() && !bare ? names.exposed(prefix, item.name(), reach.target()) : item.name();
      boolean lookalike = prefix.isEmpty() && kind.named() && passesForAnother(exposed, prefixes);
      if (lookalike || !taken.add(exposed)) {
        if (!kind.named()) {
          continue;
        }
        exposed = names.exposed(names.forcedPrefix(reach.target()), item.name(), reach.target());
        if (!taken.add(exposed)) {
          continue;
        }
      }
      entries.add(new Entry(item, exposed));
    }
    return new TargetEntries(reach.target(), entries);
  }

  private static boolean passesForAnother(String name, Set<String> prefixes) {
    return prefixes.stream().anyMatch(name::startsWith);
  }

  private record Entry(Item item, String exposed) {}

  private record TargetEntries(Target target, List<Entry> entries) {}

  /// The page while it is being filled.
  private final class Page {
    private final Identity caller;
    private final ListKind kind;
    private final Cursors.Position after;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(8192);
    private final List<Map.Entry<Target, GatewayException>> missing = new ArrayList<>();
    private int count;
    private Cursors.Position last = Cursors.Position.START;
    private boolean more;

    Page(Identity caller, ListKind kind, Cursors.Position after) {
      this.caller = caller;
      this.kind = kind;
      this.after = after;
      write("{\"" + kind.member() + "\":[");
    }

    void add(TargetEntries target) {
      List<Entry> entries = target.entries();
      for (int index = 0; index < entries.size() && !more; index++) {
        Entry entry = entries.get(index);
        if (isBehind(target.target(), index) && allowed(target.target(), entry.item())) {
          add(target.target(), index, entry);
        }
      }
    }

    private void add(Target target, int index, Entry entry) {
      if (count == config.list().pageSize()) {
        more = true;
        return;
      }
      if (count++ > 0) {
        out.write(',');
      }
      write(entry.item().exposedAs(entry.exposed(), kind));
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
      return policies.decide(caller, feature) instanceof Decision.Allowed;
    }

    void missing(Target target, GatewayException reason) {
      missing.add(Map.entry(target, reason));
    }

    RawJson render() {
      write("]");
      if (more) {
        write(",\"nextCursor\":" + JsonText.quote(cursors.seal(kind, caller.user(), last)));
      }
      if (!missing.isEmpty()) {
        write(",\"_meta\":{\"" + UNAVAILABLE + "\":[" + String.join(",", reasons()) + "]}");
      }
      write("}");
      byte[] bytes = out.toByteArray();
      return new RawJson(bytes, 0, bytes.length);
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
