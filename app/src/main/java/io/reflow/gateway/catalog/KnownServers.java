package io.reflow.gateway.catalog;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What targets said of themselves when they were last connected. Clients are told of it without
/// waiting for anybody; a target that was never connected is simply not known yet.
///
/// What a target offers is known of it as a whole. Its instructions are told only to those who
/// share the instance that gave them: an instance of one user may speak of that user.
public final class KnownServers {

  /// All that a client is told of one target.
  static final int MAX_INSTRUCTIONS = 32 * 1024;

  private static final int MAX_INSTANCES = 10_000;

  private static final int LONGEST_FACT = 64 * 1024;

  private final Map<TargetId, ServerFacts> known = new ConcurrentHashMap<>();
  private final Map<InstanceKey, String> instructions = new ConcurrentHashMap<>();

  void learned(InstanceKey key, ServerFacts said) {
    known.put(key.target(), bounded(said));
    Optional<String> text = said.instructions().filter(words -> !words.isBlank());
    if (text.isEmpty()) {
      instructions.remove(key);
      return;
    }
    if (instructions.size() >= MAX_INSTANCES) {
      instructions.clear();
    }
    String words = text.get();
    instructions.put(key, words.substring(0, Math.min(words.length(), MAX_INSTRUCTIONS)));
  }

  /// A copy that does not hold on to the whole message, nor to more than anybody needs.
  private static ServerFacts bounded(ServerFacts said) {
    return new ServerFacts(
        said.version(),
        bounded(said.capabilities()),
        bounded(said.serverInfo()),
        Optional.empty(),
        said.offers());
  }

  private static RawJson bounded(RawJson fact) {
    return fact.length() > LONGEST_FACT
        ? RawJson.EMPTY_OBJECT
        : new RawJson(fact.toBytes(), 0, fact.length());
  }

  public Optional<Set<Capability>> offers(TargetId target) {
    return facts(target).map(ServerFacts::offers);
  }

  /// What was last learned of a target, but for its instructions.
  public Optional<ServerFacts> facts(TargetId target) {
    return Optional.ofNullable(known.get(target));
  }

  /// What that instance wants clients to know, where it said anything.
  public Optional<String> instructions(InstanceKey key) {
    return Optional.ofNullable(instructions.get(key));
  }

  /// Forgets a target that is gone or has changed.
  public void forget(TargetId target) {
    known.remove(target);
    instructions.keySet().removeIf(key -> key.target().equals(target));
  }
}
