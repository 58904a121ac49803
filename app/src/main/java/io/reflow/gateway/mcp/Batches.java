package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.EventStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Handles the messages of a batch, each by itself and all at the same time.
final class Batches {

  /// What the answers of one batch may take in memory until the last of them is there.
  private static final long LARGEST_ARRAY = 32 << 20;

  private final Stage<Call.Received, Reply> pipeline;

  Batches(Stage<Call.Received, Reply> pipeline) {
    this.pipeline = pipeline;
  }

  /// Whether there is anything to answer.
  static boolean wantsAnswer(List<RawJson> messages) {
    return messages.stream().anyMatch(Batches::wantsAnswer);
  }

  private static boolean wantsAnswer(RawJson message) {
    try {
      return MessageReader.read(message.array(), message.from(), message.to())
          instanceof Message.Request;
    } catch (MalformedMessage _) {
      return true;
    }
  }

  /// Sends each answer on a stream as soon as it is there.
  void stream(
      List<RawJson> messages, Incoming batch, Supplier<AuditTrail> trails, EventStream stream)
      throws InterruptedException {
    handle(
        messages,
        message -> {
          SessionStream part = SessionStream.shared(stream);
          Reply reply = answer(batch.element(message, part), trails);
          boolean _ = part.seal();
          Optional<RawJson> last = reply.lastMessage();
          part.finish(last);
          return last;
        });
  }

  /// Gathers the answers to an array.
  RawJson array(List<RawJson> messages, Incoming batch, Supplier<AuditTrail> trails)
      throws InterruptedException {
    var room = new AtomicLong(LARGEST_ARRAY);
    return JsonArray.of(
        handle(
                messages,
                message -> {
                  SessionStream none =
                      SessionStream.ofAnswer(false, OutputStream::nullOutputStream);
                  return answer(batch.element(message, none), trails)
                      .lastMessage()
                      .map(
                          whole -> room.addAndGet(-whole.length()) < 0 ? tooLarge(message) : whole);
                })
            .stream()
            .flatMap(Optional::stream)
            .toList());
  }

  /// In place of an answer for which there is no room next to the others.
  private static RawJson tooLarge(RawJson message) {
    RawJson id = RawJson.of("null");
    try {
      if (MessageReader.read(message.array(), message.from(), message.to())
          instanceof Message.Request request) {
        id = request.id();
      }
    } catch (MalformedMessage _) {
      // It has been refused, and has no id by which its sender could know it.
    }
    return Replies.error(
        id,
        RawJson.of(
            "{\"code\":-32603,\"message\":\"The answers of the batch are too large to be held: take"
                + " an event stream, or ask one by one. Whatever was asked for has been done\"}"));
  }

  private Reply answer(Incoming part, Supplier<AuditTrail> trails) throws InterruptedException {
    return pipeline.apply(new Call.Received(part, trails.get()));
  }

  private interface Handler {
    Optional<RawJson> handle(RawJson message) throws InterruptedException;
  }

  private static List<Optional<RawJson>> handle(List<RawJson> messages, Handler handler)
      throws InterruptedException {
    List<Callable<Optional<RawJson>>> work = new ArrayList<>();
    messages.forEach(message -> work.add(() -> handler.handle(message)));
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("mcp-batch-", 0).factory())) {
      List<Optional<RawJson>> answers = new ArrayList<>();
      for (Future<Optional<RawJson>> each : threads.invokeAll(work)) {
        answers.add(each.get());
      }
      return answers;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a message of a batch could not be handled", e);
    }
  }
}
