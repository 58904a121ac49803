package io.reflow.gateway.testing;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/// A caller that remembers what it hears, and answers what it is asked from what it was given.
///
/// @param asked each question in the order they came
/// @param answers by the method that asks; what is not in there is refused
public record RecordingCaller(
    List<String> progress,
    List<String> logs,
    BlockingQueue<InputRequest> asked,
    Map<String, RawJson> answers,
    ClientCapabilities capabilities,
    Optional<LogLevel> logLevel,
    boolean takesInputRequired)
    implements Caller {

  private static final RawJson REFUSAL = RawJson.of("{\"code\":-1,\"message\":\"refused\"}");

  /// One that can't be asked.
  public static RecordingCaller mute() {
    return with(ClientCapabilities.NONE, Map.of());
  }

  public static RecordingCaller with(
      ClientCapabilities capabilities, Map<String, RawJson> answers) {
    return new RecordingCaller(
        new CopyOnWriteArrayList<>(),
        new CopyOnWriteArrayList<>(),
        new LinkedBlockingQueue<>(),
        Map.copyOf(answers),
        capabilities,
        Optional.of(LogLevel.DEBUG),
        false);
  }

  @Override
  public void progress(RawJson params) {
    progress.add(params.toString());
  }

  @Override
  public void log(RawJson params) {
    logs.add(params.toString());
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions) {
    Map<String, InputRequest.Answer> all = new ConcurrentHashMap<>();
    for (InputRequest question : questions) {
      asked.add(question);
      RawJson answer = answers.get(question.method());
      all.put(
          question.key(),
          answer == null
              ? new InputRequest.Answer.Refused(REFUSAL)
              : new InputRequest.Answer.Given(answer));
    }
    return all;
  }
}
