package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.audit.RecordBytes.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentTest {

  private static final int SIZE = 1 << 17;

  @TempDir Path folder;

  @Test
  void reservesItsSpaceBeforeItIsUsed() throws IOException {
    Segment segment = create();

    assertThat((long) Files.getAttribute(segment.file(), "size")).isEqualTo(SIZE);
    assertThat(Files.getPosixFilePermissions(segment.file())).hasSize(2);
    segment.close();
  }

  @Test
  void readsWhatIsWrittenWhileItIsWritten() throws IOException {
    Segment segment = create();
    Segment.Reader reader = segment.new Reader();

    assertThat(reader.next()).isEmpty();
    long first = segment.append(record(1));
    assertThat(reader.next().orElseThrow().sequence()).isEqualTo(first);
    assertThat(reader.next()).isEmpty();
    long second = segment.append(record(2));
    assertThat(reader.next().orElseThrow().takeLong()).isEqualTo(2);
    assertThat(second).isGreaterThan(first);
    assertThat(reader.atEnd()).isFalse();
    segment.close();
  }

  @Test
  void refusesWhatDoesNotFitAndIsAtItsEndThen() throws IOException {
    Segment segment = create();
    int count = 0;
    long last = 0;
    for (long sequence = segment.append(record(count)); sequence >= 0; ) {
      last = sequence;
      sequence = segment.append(record(++count));
    }

    assertThat(segment.append(record(0))).isNegative();
    assertThat(read(segment)).containsExactlyElementsOf(numbersTo(count));
    assertThat(segment.nextSequence()).isGreaterThan(last);
    segment.close();
  }

  @Test
  void takesTheWordsOfManyThreadsAtOnce() throws IOException, InterruptedException {
    Segment segment = create();
    var written = new ConcurrentSkipListMap<Long, Long>();
    var ready = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        long base = thread * 1_000_000L;
        threads.execute(() -> {
          awaitQuietly(ready);
          for (long i = base; ; i++) {
            long sequence = segment.append(record(i));
            if (sequence < 0) {
              return;
            }
            written.put(sequence, i);
          }
        });
      }
      ready.countDown();
    }

    assertThat(read(segment)).containsExactlyElementsOf(written.values());
    segment.close();
  }

  @Test
  void isReadOverHolesAndTornRecordsAfterACrash() throws IOException {
    Segment segment = create();
    List<Long> places = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      places.add(segment.append(record(i)) * 8);
    }
    Path file = segment.file();
    segment.close();
    // Never completed, half on the disk, its length out of all bounds.
    overwrite(file, places.get(2), new byte[8]);
    overwrite(file, places.get(5) + 30, new byte[] {1, 2, 3, 4});
    overwrite(file, places.get(7), new byte[] {-1, -1, -1, 127});

    Segment recovered = Segment.recover(file).orElseThrow();

    assertThat(read(recovered)).containsExactly(0L, 1L, 3L, 4L, 6L, 8L, 9L);
    assertThat(recovered.append(record(11))).as("nothing is added to it").isNegative();
    recovered.close();
  }

  @Test
  void takesNoTextWithinARecordForARecord() throws IOException {
    Segment segment = create();
    RecordBytes inner = record(1);
    long word = inner.seal(new byte[8], 20);
    RecordBytes outer = RecordBytes.of(Kind.INTENT);
    outer.putLong(word);
    for (int i = 8; i < inner.length(); i += 8) {
      outer.putLong(ByteBuffer.wrap(inner.array()).order(ByteOrder.LITTLE_ENDIAN).getLong(i));
    }
    long place = segment.append(outer) * 8;
    Path file = segment.file();
    segment.close();
    overwrite(file, place, new byte[8]);

    Segment recovered = Segment.recover(file).orElseThrow();

    assertThat(read(recovered)).isEmpty();
    recovered.close();
  }

  @Test
  void knowsAFileThatIsNoSegment() throws IOException {
    Path file = folder.resolve("other");
    Files.write(file, new byte[500]);

    assertThat(Segment.recover(file)).isEmpty();
  }

  private Segment create() throws IOException {
    return Segment.create(folder.resolve("segment"), SIZE, 0, false);
  }

  private static RecordBytes record(long number) {
    RecordBytes record = RecordBytes.of(Kind.INTENT);
    record.putLong(number);
    record.putText(Optional.of("x".repeat((int) (number % 40))));
    return record;
  }

  private static List<Long> read(Segment segment) {
    List<Long> numbers = new ArrayList<>();
    Segment.Reader reader = segment.new Reader();
    for (var next = reader.next(); next.isPresent(); next = reader.next()) {
      numbers.add(next.get().takeLong());
    }
    assertThat(reader.atEnd()).isTrue();
    return numbers;
  }

  private static List<Long> numbersTo(long end) {
    return LongStream.range(0, end).boxed().toList();
  }

  private static void overwrite(Path file, long at, byte[] with) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThat(channel.write(ByteBuffer.wrap(with), at)).isEqualTo(with.length);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
