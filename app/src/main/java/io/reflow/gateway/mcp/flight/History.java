package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.InputRequest;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What a target has asked during a call and what it was answered, so that the call can be made
/// again and nobody is asked twice. Not safe for use by several threads.
public final class History {

  /// A longer one is not written down: then the call can't be made again.
  static final int LONGEST = 1 << 20;

  private final Map<String, Asked> asked = new LinkedHashMap<>();
  private final Set<String> due = new LinkedHashSet<>();
  private long length;

  /// One that begins with the call.
  public History() {}

  /// A question, by what it is called in the call.
  ///
  /// @param digest stands for what is asked
  record Asked(String key, String digest, Optional<RawJson> answer) {

    private String json() {
      return "{\"k\":%s,\"d\":%s%s}"
          .formatted(
              JsonText.quote(key),
              JsonText.quote(digest),
              answer.map(given -> ",\"a\":" + given).orElse(""));
    }
  }

  /// The history of a call that is to be made again: all of it is still to be asked.
  ///
  /// @param json from [#json()]
  public static History read(RawJson json) {
    var history = new History();
    try {
      for (RawJson element : JsonArray.elements(json)) {
        JsonObject one = MessageReader.readObject(element);
        String key = one.text("k").orElseThrow();
        history.put(new Asked(key, one.text("d").orElseThrow(), one.value("a")));
        history.due.add(key);
      }
      return history;
    } catch (MalformedMessage e) {
      throw new IllegalStateException("the gateway has written what is no history", e);
    }
  }

  /// Empty when it has become too long.
  public Optional<RawJson> json() {
    return length > LONGEST
        ? Optional.empty()
        : Optional.of(
            JsonArray.of(asked.values().stream().map(Asked::json).map(RawJson::of).toList()));
  }

  /// Adds what was answered to questions that had no answer; what was not asked is ignored.
  public void answered(Map<String, RawJson> answers) {
    answers.forEach((key, answer) -> {
      Asked one = asked.get(key);
      if (one != null && one.answer().isEmpty()) {
        put(new Asked(key, one.digest(), Optional.of(answer)));
      }
    });
  }

  void asked(String key, String digest) {
    put(new Asked(key, digest, Optional.empty()));
  }

  /// What is too long is forgotten once the target has asked all of it again.
  private void put(Asked one) {
    Asked before = asked.put(one.key(), one);
    length += one.json().length() - (before == null ? 0 : before.json().length());
    if (length > LONGEST && !behind()) {
      asked.clear();
    }
  }

  int size() {
    return asked.size();
  }

  /// Whether the target has not yet asked all that it had asked before.
  boolean behind() {
    return !due.isEmpty();
  }

  /// The question that this one was before; questions at one time may come in another order.
  Optional<Asked> again(String digest) {
    Optional<Asked> found =
        due.stream().map(asked::get).filter(one -> one.digest().equals(digest)).findFirst();
    found.ifPresent(one -> due.remove(one.key()));
    return found;
  }

  /// Stands for a question, without what differs each time it is asked.
  static String digest(InputRequest request) {
    RawJson params =
        new JsonObjectEdit(request.params())
            .drop("_meta")
            .drop("task")
            .drop("elicitationId")
            .apply();
    return CallDigest.of(request.method(), Optional.of(params));
  }
}
