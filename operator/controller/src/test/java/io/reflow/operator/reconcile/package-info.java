@NullMarked
package io.reflow.operator.reconcile;

import org.jspecify.annotations.NullMarked;
