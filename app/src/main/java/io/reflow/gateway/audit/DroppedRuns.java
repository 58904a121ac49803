package io.reflow.gateway.audit;

import io.reflow.gateway.audit.Fault.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// What retention has taken away, as far as it is signed.
final class DroppedRuns {

  private final Map<UUID, TreeMap<Long, DroppedRun>> chains = new HashMap<>();
  private CheckpointId checkpoints = Checkpoint.NONE;

  static DroppedRuns of(List<DroppedRun> all, ChainKeys keys, Faults faults) {
    var runs = new DroppedRuns();
    for (DroppedRun run : all) {
      if (run.sound(keys)) {
        runs.add(run);
      } else {
        faults.add(
            new Fault(
                Kind.RETENTION,
                run.replica(),
                run.first(),
                run.last().position(),
                Optional.empty(),
                "the note of what retention has taken is not what was signed"));
      }
    }
    return runs;
  }

  void add(DroppedRun run) {
    if (run.replica().isPresent()) {
      chains
          .computeIfAbsent(run.replica().get(), _ -> new TreeMap<>())
          .merge(run.first(), run, (a, b) -> a.last().position() < b.last().position() ? b : a);
    } else if (run.last().position() > checkpoints.number()) {
      checkpoints = new CheckpointId(run.last().position(), run.last().mac());
    }
  }

  /// The last checkpoint that was taken.
  CheckpointId checkpoints() {
    return checkpoints;
  }

  /// What was taken of a chain, in order.
  List<DroppedRun> of(UUID replica) {
    return List.copyOf(chains.getOrDefault(replica, new TreeMap<>()).values());
  }

  /// The seal of the last row of a run.
  Optional<byte[]> endingAt(UUID replica, long place) {
    return Optional.ofNullable(chains.getOrDefault(replica, new TreeMap<>()).floorEntry(place))
        .map(run -> run.getValue().last())
        .filter(end -> end.position() == place)
        .map(ChainHead::mac);
  }

  /// Up to where everything from that place on was taken: the place before it, when nothing was.
  ChainHead from(UUID replica, long place) {
    TreeMap<Long, DroppedRun> runs = chains.getOrDefault(replica, new TreeMap<>());
    ChainHead end = new ChainHead(place - 1, ChainHead.NONE.mac());
    for (var run = runs.floorEntry(place); run != null; run = runs.floorEntry(end.position() + 1)) {
      if (run.getValue().last().position() <= end.position()) {
        break;
      }
      end = run.getValue().last();
    }
    return end;
  }
}
