package io.reflow.gateway.live;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The newest values of something, each with a number. Whoever adds one takes no lock, waits for
/// nobody and wakes nobody; whoever reads comes by now and then, and learns how many were gone by
/// then.
final class Ring<T> {

  private final AtomicReferenceArray<@Nullable Slot<T>> slots;
  private final int unread;
  private final AtomicLong next = new AtomicLong();
  private final AtomicInteger readers = new AtomicInteger();

  Ring(int size) {
    this(size, size);
  }

  /// @param unread how many are kept while nobody reads on: what stays for long costs every
  ///   collection of garbage in between
  Ring(int size, int unread) {
    this.slots = new AtomicReferenceArray<>(size);
    this.unread = unread;
  }

  private record Slot<T>(long number, T value) {}

  /// Values in the order of their numbers.
  ///
  /// @param next where to read on
  /// @param missed how many before these were overwritten before they could be read
  record Page<T>(List<T> values, long next, long missed) {

    Page {
      values = List.copyOf(values);
    }
  }

  /// Somebody who reads on, until it is closed, once.
  interface Reader extends AutoCloseable {

    @Override
    void close();
  }

  /// From now on as many are kept as there is room for.
  Reader reader() {
    int _ = readers.incrementAndGet();
    return () -> {
      int _ = readers.decrementAndGet();
    };
  }

  void add(T value) {
    long number = next.getAndIncrement();
    slots.setRelease(place(number), new Slot<>(number, value));
    if (unread < slots.length() && number >= unread && readers.get() == 0) {
      slots.setRelease(place(number - unread), null);
    }
  }

  private int place(long number) {
    return (int) (number % slots.length());
  }

  /// The newest ones.
  Page<T> newest(int most) {
    long end = next.get();
    Page<T> page = since(Math.max(0, end - Math.min(most, slots.length())), most);
    return new Page<>(page.values(), page.next(), 0);
  }

  /// What was added from a number on, as far as it is still there.
  Page<T> since(long from, int most) {
    long end = next.get();
    long number = Math.max(from, end - slots.length());
    long missed = number - from;
    List<T> values = new ArrayList<>();
    while (number < end && values.size() < most) {
      Slot<T> slot = slots.getAcquire(place(number));
      if (number >= end - unread && (slot == null || slot.number() < number)) {
        // Somebody is about to put it there.
        break;
      }
      if (slot != null && slot.number() == number) {
        values.add(slot.value());
      } else {
        missed++;
      }
      number++;
    }
    return new Page<>(values, number, missed);
  }
}
