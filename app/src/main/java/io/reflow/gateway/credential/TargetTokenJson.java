package io.reflow.gateway.credential;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A target's token as it is sent to be stored.
public record TargetTokenJson(@Nullable String token) {

  @Override
  public String toString() {
    return "TargetTokenJson[redacted]";
  }

  /// For everybody of a role.
  public record OfRole(@Nullable String role, @Nullable String token) {

    @Override
    public String toString() {
      return "OfRole[" + role + "]";
    }
  }

  /// For everybody of a group.
  public record OfGroup(@Nullable String groupName, @Nullable String token) {

    @Override
    public String toString() {
      return "OfGroup[" + groupName + "]";
    }
  }

  /// Whether the caller has one, and the scope that it comes from.
  public record OwnJson(boolean configured, @Nullable String source) {}

  /// For whom tokens are stored: the roles', groups' and users' names.
  public record HoldersJson(
      boolean defaultToken, List<String> roles, List<String> groups, List<String> users) {}
}
