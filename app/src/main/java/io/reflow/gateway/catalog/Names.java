package io.reflow.gateway.catalog;

import io.reflow.gateway.config.McpConfig.Naming;
import io.reflow.gateway.config.McpConfig.Prefix;
import io.reflow.gateway.target.Target;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;

/// Under which names the tools and prompts of targets appear: `<prefix><upstream name>`, cut to the
/// longest length that clients bear. The rule depends on the configuration and on the targets that
/// a caller may see, never on which of them happen to be connected.
public final class Names {

  private static final int HASH_DIGITS = 8;

  private final Naming naming;

  public Names(Naming naming) {
    this.naming = naming;
  }

  /// The prefix of a target's names on a path that serves all targets.
  ///
  /// @param several whether the caller may see more than one target
  public String prefix(Target target, boolean several) {
    String label = label(target, several);
    return label.isEmpty() ? "" : label + naming.delimiter();
  }

  /// What stands before the delimiter; empty for a target without a prefix.
  private String label(Target target, boolean several) {
    if (target.toolPrefix().isPresent()) {
      return target.toolPrefix().get();
    }
    return switch (naming.prefix()) {
      case ALWAYS -> target.name();
      case AUTO -> several ? target.name() : "";
      case NEVER -> "";
    };
  }

  /// The prefix that the name of a target gets when its bare name is taken.
  String forcedPrefix(Target target) {
    return target.name() + naming.delimiter();
  }

  /// Whether prefixes depend on how many targets the caller may see.
  public boolean dependsOnVisibleTargets() {
    return naming.prefix() == Prefix.AUTO;
  }

  String exposed(String prefix, String name, Target target) {
    String whole = prefix + name;
    return whole.length() <= naming.maxLength() ? whole : shortened(whole, name, target);
  }

  private String shortened(String whole, String name, Target target) {
    String hash = hash(target.name() + "\0" + name);
    return whole.substring(0, naming.maxLength() - HASH_DIGITS - 1) + "-" + hash;
  }

  /// Whether an exposed name may be one that was cut.
  boolean maybeShortened(String exposedName) {
    return exposedName.length() == naming.maxLength()
        && exposedName.charAt(exposedName.length() - HASH_DIGITS - 1) == '-';
  }

  /// A target that an exposed name may belong to, and what the target itself calls it; `cut` where
  /// only its list can tell.
  public record Meant(Target target, String prefix, String name, boolean cut) {}

  /// The targets that an exposed name may belong to, the likeliest first: one whose prefix it
  /// begins with, then those without a prefix, then those whose bare name was taken.
  ///
  /// @param several whether the caller may see more than one of them
  /// @param visible which of them the caller may see: no other one keeps a bare name for itself
  public List<Meant> candidates(
      List<Target> targets, boolean several, Predicate<Target> visible, String exposedName) {
    List<Meant> prefixed = new ArrayList<>(1);
    List<Meant> bare = new ArrayList<>(0);
    List<Meant> forced = new ArrayList<>(0);
    for (Target target : targets) {
      String label = label(target, several);
      if (label.isEmpty()) {
        add(bare, target, "", exposedName);
        addLabelled(forced, target, target.name(), exposedName);
      } else {
        addLabelled(prefixed, target, label, exposedName);
      }
    }
    if (!bare.isEmpty() && prefixed.stream().map(Meant::target).anyMatch(visible)) {
      bare.clear();
    }
    prefixed.addAll(bare);
    prefixed.addAll(forced);
    return prefixed;
  }

  private void addLabelled(List<Meant> meant, Target target, String label, String exposedName) {
    if (exposedName.startsWith(label)
        && exposedName.startsWith(naming.delimiter(), label.length())) {
      add(meant, target, label + naming.delimiter(), exposedName);
    }
  }

  private void add(List<Meant> meant, Target target, String prefix, String exposedName) {
    if (exposedName.startsWith(prefix)) {
      meant.add(new Meant(target, prefix, exposedName.substring(prefix.length()), false));
      if (maybeShortened(exposedName)) {
        meant.add(new Meant(target, prefix, "", true));
      }
    }
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, HASH_DIGITS / 2);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
