package io.reflow.gateway.policy;

import io.reflow.gateway.target.TargetId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A policy as admins see it.
public record PolicyJson(
    String id,
    String name,
    String description,
    @Nullable String targetId,
    String resourceType,
    @Nullable String resourcePattern,
    String effect,
    int priority,
    boolean enabled,
    List<SubjectJson> subjects,
    String createdAt,
    String updatedAt) {

  /// One subject of it.
  public record SubjectJson(String id, String subjectType, @Nullable String subjectValue) {

    static SubjectJson of(Policy.Member member) {
      String value = member.subject().wireValue();
      return new SubjectJson(
          member.id().toString(), member.subject().wireType(), value.isEmpty() ? null : value);
    }
  }

  static PolicyJson of(Policy policy) {
    return new PolicyJson(
        policy.id().toString(),
        policy.name(),
        policy.description(),
        policy.target().map(TargetId::toString).orElse(null),
        policy.kind().map(Feature.Kind::wireName).orElse("all"),
        policy.pattern().orElse(null),
        policy.effect().wireName(),
        policy.priority(),
        policy.enabled(),
        policy.members().stream().map(SubjectJson::of).toList(),
        policy.createdAt().toString(),
        policy.updatedAt().toString());
  }
}
