package io.reflow.gateway.identity;

import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// Who calls, as the users table says now: role and groups never come from a token.
public record Identity(UserId user, String email, String role, SortedSet<String> groups) {

  public static final String ADMIN = "admin";

  public Identity {
    groups = Collections.unmodifiableSortedSet(new TreeSet<>(groups));
  }

  public Identity(UserId user, String email, String role, Set<String> groups) {
    this(user, email, role, new TreeSet<>(groups));
  }

  /// Whether `other` is the same user with the same role and groups.
  public boolean sameRights(Identity other) {
    return user.equals(other.user) && role.equals(other.role) && groups.equals(other.groups);
  }

  public boolean admin() {
    return role.equals(ADMIN);
  }
}
