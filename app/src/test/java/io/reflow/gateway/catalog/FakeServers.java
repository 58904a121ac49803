package io.reflow.gateway.catalog;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Connector;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Servers whose lists are what a test says; they count how often they are asked.
final class FakeServers implements Connector {

  private final Map<String, List<String>> pages = new ConcurrentHashMap<>();
  private final Set<String> down = ConcurrentHashMap.newKeySet();
  private final Set<String> silent = ConcurrentHashMap.newKeySet();
  private final Set<String> stateless = ConcurrentHashMap.newKeySet();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  /// The server of the target `target` answers `kind` with these results, one after the other as
  /// its cursors `0`, `1`, ... are sent.
  void lists(String target, ListKind kind, String... results) {
    pages.put(target + kind, List.of(results));
  }

  /// A list of tools of these names on a single page.
  void tools(String target, String... names) {
    String tools =
        String.join(
            ",", List.of(names).stream().map("{\"name\":\"%s\",\"x\":1.0}"::formatted).toList());
    lists(target, ListKind.TOOLS, "{\"tools\":[" + tools + "]}");
  }

  /// A list of resources and one of templates.
  void resources(String target, List<String> uris, List<String> templates) {
    String entries = String.join(",", uris.stream().map("{\"uri\":\"%s\"}"::formatted).toList());
    String patterns =
        String.join(",", templates.stream().map("{\"uriTemplate\":\"%s\"}"::formatted).toList());
    lists(target, ListKind.RESOURCES, "{\"resources\":[" + entries + "]}");
    lists(target, ListKind.TEMPLATES, "{\"resourceTemplates\":[" + patterns + "]}");
  }

  /// Speaks the revision without sessions.
  void stateless(String target) {
    stateless.add(target);
  }

  void down(String target) {
    down.add(target);
  }

  /// Is asked, and never answers.
  void silent(String target) {
    silent.add(target);
  }

  void up(String target) {
    silent.remove(target);
    down.remove(target);
  }

  /// What was asked: `<target> <method>`, in order.
  List<String> asked() {
    return asked;
  }

  @Override
  public Upstream open(Opening opening) {
    return new FakeServer(opening.target().name());
  }

  private final class FakeServer implements Upstream {
    private final String target;

    FakeServer(String target) {
      this.target = target;
    }

    @Override
    public ServerFacts facts() {
      return new ServerFacts(
          stateless.contains(target) ? ProtocolVersion.V2026_07_28 : ProtocolVersion.V2025_11_25,
          RawJson.EMPTY_OBJECT,
          RawJson.EMPTY_OBJECT,
          Optional.empty(),
          EnumSet.allOf(Capability.class));
    }

    @Override
    public void follow(Interest interest) {}

    @Override
    public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
      asked.add(target + " " + call.method());
      if (silent.contains(target)) {
        boolean _ = new CountDownLatch(1).await(60, TimeUnit.SECONDS);
      }
      if (down.contains(target)) {
        throw new UpstreamFailed(target, "is down");
      }
      ListKind kind = ListKind.ofMethod(call.method()).orElseThrow();
      List<String> results =
          pages.getOrDefault(target + kind, List.of("{\"" + kind.member() + "\":[]}"));
      String cursor = call.params().toString().replaceAll("\\D", "");
      int page = cursor.isEmpty() ? 0 : Integer.parseInt(cursor);
      return new Answer.Result(RawJson.of(results.get(page)));
    }

    @Override
    public boolean alive() {
      return true;
    }

    @Override
    public void close() {}
  }
}
