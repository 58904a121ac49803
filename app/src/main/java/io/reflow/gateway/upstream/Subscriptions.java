package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.time.Duration;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The resources that a target of the `initialize` era was asked to tell of, one by one, in one
/// session with it.
public final class Subscriptions {

  private final Set<String> uris = ConcurrentHashMap.newKeySet();
  private final boolean offered;
  private final Duration patience;

  /// @param patience for each of the target's answers
  public Subscriptions(ServerFacts facts, Duration patience) {
    this.offered = facts.offers(Capability.RESOURCES_SUBSCRIBE);
    this.patience = patience;
  }

  /// The way to the target.
  @FunctionalInterface
  public interface Asking {

    Answer ask(UpstreamCall call) throws InterruptedException;
  }

  /// Subscribes and unsubscribes until it is exactly these; what the target refuses is left out.
  public void become(Set<String> wanted, Asking target) throws InterruptedException {
    if (!offered) {
      return;
    }
    for (String uri : wanted) {
      if (!uris.contains(uri) && ask("resources/subscribe", uri, target) instanceof Answer.Result) {
        uris.add(uri);
      }
    }
    Set<String> unwanted = new HashSet<>(uris);
    unwanted.removeAll(wanted);
    for (String uri : unwanted) {
      uris.remove(uri);
      Answer _ = ask("resources/unsubscribe", uri, target);
    }
  }

  private Answer ask(String method, String uri, Asking target) throws InterruptedException {
    RawJson params = RawJson.of("{\"uri\":" + JsonText.quote(uri) + "}");
    return target.ask(new UpstreamCall(method, params, OptionalLong.empty(), patience, patience));
  }
}
