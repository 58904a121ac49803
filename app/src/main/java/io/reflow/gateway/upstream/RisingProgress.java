package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A caller to whom the progress of several requests looks like that of one: it never goes back.
/// The first request's progress is passed on unread.
public final class RisingProgress implements Caller {

  private static final int LONGEST_NUMBER = 40;

  private final Caller caller;
  private volatile @Nullable RawJson last;
  private volatile BigDecimal reached = BigDecimal.ZERO;
  private volatile BigDecimal offset = BigDecimal.ZERO;
  private volatile boolean first = true;

  public RisingProgress(Caller caller) {
    this.caller = caller;
  }

  /// What comes from now on is added to what was reached.
  public void nextRound() {
    RawJson before = last;
    if (first && before != null) {
      reached = read(before).flatMap(params -> number(params, "progress")).orElse(reached);
    }
    first = false;
    offset = reached;
  }

  @Override
  public void progress(RawJson params) {
    if (first) {
      last = params;
      caller.progress(params);
    } else {
      read(params).ifPresent(this::raise);
    }
  }

  private void raise(JsonObject params) {
    Optional<BigDecimal> progress = number(params, "progress").map(offset::add);
    if (progress.isEmpty() || progress.get().compareTo(reached) <= 0) {
      return;
    }
    reached = progress.get();
    var edit = new JsonObjectEdit(params).set("progress", json(progress.get()));
    number(params, "total").ifPresent(total -> edit.set("total", json(total.add(offset))));
    caller.progress(edit.apply());
  }

  private static Optional<JsonObject> read(RawJson params) {
    try {
      return Optional.of(MessageReader.readObject(params));
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  private static Optional<BigDecimal> number(JsonObject params, String name) {
    return params
        .value(name)
        .filter(value -> value.length() <= LONGEST_NUMBER)
        .flatMap(value -> {
          try {
            BigDecimal number = new BigDecimal(value.toString());
            boolean sane = Math.abs((long) number.scale()) <= LONGEST_NUMBER;
            return sane ? Optional.of(number) : Optional.empty();
          } catch (NumberFormatException _) {
            return Optional.empty();
          }
        });
  }

  private static RawJson json(BigDecimal number) {
    return RawJson.of(number.toPlainString());
  }

  @Override
  public void log(RawJson params) {
    caller.log(params);
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions)
      throws InterruptedException {
    return caller.ask(questions);
  }

  @Override
  public ClientCapabilities capabilities() {
    return caller.capabilities();
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return caller.logLevel();
  }

  @Override
  public boolean takesInputRequired() {
    return caller.takesInputRequired();
  }
}
