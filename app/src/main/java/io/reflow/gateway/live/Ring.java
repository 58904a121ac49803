package io.reflow.gateway.live;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The newest values of something, each with a number. Whoever adds one takes no lock, waits for
/// nobody and wakes nobody; whoever reads comes by now and then, and learns how many were gone by
/// then.
final class Ring<T> {

  private final AtomicReferenceArray<@Nullable Slot<T>> slots;
  private final AtomicLong next = new AtomicLong();

  Ring(int size) {
    this.slots = new AtomicReferenceArray<>(size);
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

  void add(T value) {
    long number = next.getAndIncrement();
    slots.setRelease(place(number), new Slot<>(number, value));
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
      if (slot == null || slot.number() < number) {
        // Somebody is about to put it there.
        break;
      }
      if (slot.number() == number) {
        values.add(slot.value());
      } else {
        missed++;
      }
      number++;
    }
    return new Page<>(values, number, missed);
  }
}
