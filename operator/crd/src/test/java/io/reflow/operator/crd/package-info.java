@NullMarked
package io.reflow.operator.crd;

import org.jspecify.annotations.NullMarked;
