package io.reflow.gateway.protocol;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A JSON object as its text and where its members stand in it, in their order. Member names are
/// unique, even when case is ignored.
public final class JsonObject {

  public static final JsonObject EMPTY = new JsonObject(RawJson.EMPTY_OBJECT, List.of());

  private final RawJson raw;
  private final List<Member> members;

  JsonObject(RawJson raw, List<Member> members) {
    this.raw = raw;
    this.members = members;
  }

  public RawJson raw() {
    return raw;
  }

  public List<Member> members() {
    return members;
  }

  public Optional<Member> find(String name) {
    // Asked several times for each message: without an iterator each time.
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      if (member.name.equals(name)) {
        return Optional.of(member);
      }
    }
    return Optional.empty();
  }

  /// The text of a string member; empty when it is absent or no string.
  public Optional<String> text(String name) {
    return find(name).flatMap(Member::text);
  }

  /// The value of a member, whatever it is.
  public Optional<RawJson> value(String name) {
    return find(name).map(Member::value);
  }

  /// An object member that is indexed itself: `_meta` and `ref` of a message's `params`.
  public JsonObject object(String name) {
    return find(name).flatMap(Member::object).orElse(EMPTY);
  }

  /// One member of an object.
  public static final class Member {
    private final String name;
    private final RawJson whole;
    private final RawJson value;
    private final @Nullable String text;
    private final @Nullable JsonObject object;

    Member(
        String name,
        RawJson whole,
        RawJson value,
        @Nullable String text,
        @Nullable JsonObject object) {
      this.name = name;
      this.whole = whole;
      this.value = value;
      this.text = text;
      this.object = object;
    }

    public String name() {
      return name;
    }

    /// From the name's opening quote to the end of the value.
    RawJson whole() {
      return whole;
    }

    public RawJson value() {
      return value;
    }

    /// The value, when it is a string.
    public Optional<String> text() {
      return Optional.ofNullable(text);
    }

    /// The value, when it is an object that was indexed.
    public Optional<JsonObject> object() {
      return Optional.ofNullable(object);
    }
  }
}
