package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import io.reflow.gateway.upstream.InputRequest.Answer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A call to a target that can't be made twice, on a thread of its own, so that it outlives the
/// request that began it. When the target asks something, that request is answered with the
/// question and the call stays as it is, until another request of the same client brings the
/// answers. One request at most waits for it at a time.
public final class Flight implements Caller {

  /// What a target says at about the same time is asked together.
  private static final long SIBLINGS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);
  private static final int MOST_KEPT = 50;
  private static final long MOST_KEPT_BYTES = 256 << 10;
  static final int MOST_ROUNDS = 50;

  private final String id;
  private final UserId owner;
  private final ClientCapabilities capabilities;
  private final Optional<LogLevel> logLevel;
  private final Flights flights;
  private final Optional<History> history;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Asking> waiting = new ArrayList<>(1);
  private final Deque<Kept> kept = new ArrayDeque<>(0);
  private long keptBytes;
  private @Nullable Thread worker;
  private @Nullable Caller attached;
  private @Nullable Landing end;
  private boolean cancelled;
  private boolean expired;
  private int keys;
  private int round;
  private long askedAt;
  private long suspendedUntil;

  /// @param round the last one before the call was made again, else 0
  /// @param history of a call that may be made again
  Flight(
      String id,
      UserId owner,
      Caller first,
      Flights flights,
      int round,
      Optional<History> history) {
    this.id = id;
    this.owner = owner;
    this.capabilities = first.capabilities();
    this.logLevel = first.logLevel();
    this.attached = first;
    this.flights = flights;
    this.round = round;
    this.history = history;
    this.keys = history.map(History::size).orElse(0);
  }

  /// What is open until its answer is there.
  private static final class Question {
    private final String key;
    private final InputRequest request;
    private @Nullable Answer answer;

    /// @param key by which the target asks for it
    Question(String key, InputRequest request) {
      this.key = key;
      this.request = request;
    }
  }

  /// What is asked together, and who wants to know.
  private record Asking(List<Question> questions, Consumer<Map<String, Answer>> then) {

    boolean answered() {
      return questions.stream().allMatch(question -> question.answer != null);
    }

    Map<String, Answer> answers() {
      Map<String, Answer> answers = new LinkedHashMap<>();
      questions.forEach(question -> answers.put(question.key, given(question)));
      return answers;
    }
  }

  /// What nobody was there to hear.
  private record Kept(int bytes, Consumer<Caller> message) {}

  public String id() {
    return id;
  }

  UserId owner() {
    return owner;
  }

  void workedOnBy(Thread thread) {
    worker = thread;
  }

  @Override
  public void progress(RawJson params) {
    tell(params.length(), caller -> caller.progress(params));
  }

  @Override
  public void log(RawJson params) {
    tell(params.length(), caller -> caller.log(params));
  }

  /// To the request that waits; if there is none, the next one hears of the latest.
  private void tell(int bytes, Consumer<Caller> message) {
    lock.lock();
    try {
      if (attached != null) {
        message.accept(attached);
        return;
      }
      kept.addLast(new Kept(bytes, message));
      keptBytes += bytes;
      while (kept.size() > MOST_KEPT || keptBytes > MOST_KEPT_BYTES) {
        keptBytes -= kept.removeFirst().bytes();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Map<String, Answer> ask(List<InputRequest> questions) throws InterruptedException {
    var answers = new CompletableFuture<Map<String, Answer>>();
    Asked asked = ask(questions, answers::complete);
    try {
      return answers.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("answers don't fail", e);
    } finally {
      asked.takeBack();
    }
  }

  @Override
  public Asked ask(List<InputRequest> questions, Consumer<Map<String, Answer>> then)
      throws InterruptedException {
    var asking = new Asking(new ArrayList<>(questions.size()), then);
    lock.lockInterruptibly();
    try {
      for (InputRequest request : questions) {
        asking.questions().add(question(request));
      }
      waiting.add(asking);
      askedAt = System.nanoTime();
      handOver();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return () -> takeBack(asking);
  }

  private List<Question> open() {
    return waiting.stream()
        .flatMap(asking -> asking.questions().stream())
        .filter(question -> question.answer == null)
        .toList();
  }

  /// Whoever has all answers hears of them now, by a thread that nobody else needs.
  private void handOver() {
    for (Asking asking : List.copyOf(waiting)) {
      if (expired || asking.answered()) {
        handOver(asking, asking.answers());
      }
    }
  }

  private void handOver(Asking asking, Map<String, Answer> answers) {
    boolean _ = waiting.remove(asking);
    Thread.ofVirtual().name("answer-" + id).start(() -> asking.then().accept(answers));
  }

  private void takeBack(Asking asking) {
    lock.lock();
    try {
      if (waiting.contains(asking)) {
        handOver(asking, Map.of());
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean maySuspend() {
    return true;
  }

  /// Answered already, if the call is made again and had asked that before.
  private Question question(InputRequest request) throws InterruptedException {
    if (history.isEmpty()) {
      return new Question(request.key(), renamed(request, key(request.method())));
    }
    History before = history.get();
    String digest = History.digest(request);
    if (!before.behind()) {
      String key = key(request.method());
      before.asked(key, digest);
      return new Question(request.key(), renamed(request, key));
    }
    History.Asked again = before.again(digest).orElseThrow(this::lost);
    var question = new Question(request.key(), renamed(request, again.key()));
    again.answer().ifPresent(answer -> question.answer = new Answer.Given(answer));
    return question;
  }

  private static InputRequest renamed(InputRequest request, String key) {
    return new InputRequest(key, request.method(), request.params());
  }

  /// The target asks something else than before, to which nobody has given these answers.
  private InterruptedException lost() {
    if (worker != null && end == null) {
      worker.interrupt();
      end =
          new Landing.Failed(
              new InvalidParams(
                  "the suspended call was lost: made again, its target asks something else;"
                      + " start again"));
    }
    changed.signalAll();
    return new InterruptedException("the call is over");
  }

  private String key(String method) {
    String kind =
        switch (method) {
          case "elicitation/create" -> "elicitation";
          case "sampling/createMessage" -> "sampling";
          default -> "roots";
        };
    keys++;
    return kind + "-" + keys;
  }

  /// Nobody has answered in time: the target is told so, as if the user had not wanted to, and gets
  /// a little time to come to an end.
  void expireIfLate() {
    lock.lock();
    try {
      if (suspended()
          && !waiting.isEmpty()
          && !expired
          && System.nanoTime() - suspendedUntil >= 0) {
        expired = true;
        suspendedUntil = System.nanoTime();
        handOver();
        changed.signalAll();
        flights.expired(this);
      }
    } finally {
      lock.unlock();
    }
  }

  private static Answer given(Question question) {
    Answer answer = question.answer;
    if (answer != null) {
      return answer;
    }
    return switch (question.request.method()) {
      case "elicitation/create" -> new Answer.Given(RawJson.of("{\"action\":\"cancel\"}"));
      case "sampling/createMessage" ->
          new Answer.Refused(
              RawJson.of("{\"code\":-1,\"message\":\"User rejected sampling request\"}"));
      default ->
          new Answer.Refused(
              RawJson.of("{\"code\":-32603,\"message\":\"The client did not answer\"}"));
    };
  }

  @Override
  public ClientCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return logLevel;
  }

  @Override
  public boolean takesInputRequired() {
    return true;
  }

  /// Waits for the call as the request that is attached to it.
  ///
  /// @throws InterruptedException when that request is over; the call is then to be cancelled
  public Landing await() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (end == null) {
        long quiet = System.nanoTime() - askedAt;
        if (open().isEmpty()) {
          long _ = changed.awaitNanos(flights.ttl());
        } else if (quiet < SIBLINGS) {
          long _ = changed.awaitNanos(SIBLINGS - quiet);
        } else {
          return suspend();
        }
      }
      flights.remove(this);
      return end;
    } finally {
      lock.unlock();
    }
  }

  private Landing suspend() {
    if (round == MOST_ROUNDS || !flights.admit(this)) {
      String why = flights.closed() ? "the gateway is stopping" : "too many suspended calls";
      cancel();
      return new Landing.Failed(new Overloaded(why, TRY_AGAIN));
    }
    round++;
    attached = null;
    suspendedUntil = System.nanoTime() + flights.ttl();
    changed.signalAll();
    return new Landing.Asking(
        round, open().stream().map(each -> each.request).toList(), history.flatMap(History::json));
  }

  /// Attaches another request, with what its client has answered. What was not asked is ignored.
  ///
  /// @throws InvalidParams when it does not answer the last round, or that was answered already
  public void resume(int answersRound, Map<String, RawJson> answers, Caller caller) {
    lock.lock();
    try {
      if (!suspended() || expired || answersRound != round) {
        throw new InvalidParams("the requestState has been used already, or has expired");
      }
      attached = caller;
      kept.forEach(each -> each.message().accept(caller));
      kept.clear();
      keptBytes = 0;
      for (Question question : open()) {
        RawJson answer = answers.get(question.request.key());
        if (answer != null) {
          question.answer = new Answer.Given(answer);
        }
      }
      history.ifPresent(all -> all.answered(answers));
      handOver();
      askedAt = System.nanoTime();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean suspended() {
    return attached == null;
  }

  /// Ends the call, at the target too. Idempotent.
  public void cancel() {
    lock.lock();
    try {
      cancelled = true;
      flights.remove(this);
      if (worker != null && end == null) {
        worker.interrupt();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean over() {
    lock.lock();
    try {
      return end != null;
    } finally {
      lock.unlock();
    }
  }

  /// The call is over. While nobody waits for it, the outcome is kept for as long as its client may
  /// come back.
  void land(Landing landing) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (end == null) {
        end = landing;
      }
      changed.signalAll();
      long left = suspendedUntil - System.nanoTime();
      while (suspended() && !cancelled && !expired && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (suspended()) {
        expired = true;
      }
    } finally {
      lock.unlock();
    }
  }

  /// The call was ended from outside; what it has led to is no longer for anybody.
  void endNow(boolean forbidden) {
    lock.lock();
    try {
      if (end == null) {
        end = new Landing.Ended(forbidden);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// The call never began.
  void fail(RuntimeException why) {
    lock.lock();
    try {
      end = new Landing.Failed(why);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
