package io.reflow.gateway.identity;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All users and API tokens as they were at one moment; immutable.
final class IdentitySnapshot {

  /// What counts until the first load: nothing can be said of anybody.
  static final IdentitySnapshot NOT_LOADED = new IdentitySnapshot(false, Map.of(), Map.of());

  private final boolean loaded;
  private final Map<UserId, User> users;
  private final Map<UUID, ApiToken> tokens;
  private final Map<TokenDigest, ApiToken> tokensByDigest;

  IdentitySnapshot(Collection<User> users, Collection<ApiToken> tokens) {
    this(true, index(users, User::id), index(tokens, ApiToken::id));
  }

  private IdentitySnapshot(boolean loaded, Map<UserId, User> users, Map<UUID, ApiToken> tokens) {
    this.loaded = loaded;
    this.users = users;
    this.tokens = tokens;
    this.tokensByDigest = index(tokens.values(), ApiToken::digest);
  }

  private static <K, V> Map<K, V> index(Collection<V> values, Function<V, K> key) {
    return values.stream().collect(Collectors.toUnmodifiableMap(key, Function.identity()));
  }

  boolean loaded() {
    return loaded;
  }

  Optional<User> user(UserId id) {
    return Optional.ofNullable(users.get(id));
  }

  List<Identity> identities() {
    return users.values().stream().map(User::identity).toList();
  }

  @Nullable User userOrNull(UserId id) {
    return users.get(id);
  }

  @Nullable ApiToken tokenOrNull(TokenDigest digest) {
    return tokensByDigest.get(digest);
  }

  @Nullable ApiToken tokenOrNull(UUID id) {
    return tokens.get(id);
  }

  /// The users of whom something that was true earlier is no longer: the row or one of the tokens
  /// was changed or is gone. New ones are not among them.
  Set<UserId> changedSince(IdentitySnapshot earlier) {
    var changed = new HashSet<UserId>();
    earlier.users.forEach((id, user) -> {
      if (!user.equals(users.get(id))) {
        changed.add(id);
      }
    });
    earlier.tokens.forEach((id, token) -> {
      if (!tokens.containsKey(id)) {
        changed.add(token.user());
      }
    });
    return changed;
  }
}
