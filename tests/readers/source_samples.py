"""The same row of beans in every language that is read."""

PYTHON = '''\
# Copyright nobody.

"""How beans are grown."""

import garden

ROWS = 2


# The rate of growth
# depends on water.
@garden.daily
def grow(bean, water=1):
    """Grow one bean.

    Water comes in litres.
    """
    bean.length += water

    return bean


class Row(list):
    """A row of beans."""

    spacing = 20

    def water(self): return [grow(bean) for bean in self]

    # used in dry weeks

    @property
    def length(self):
        """The row's length in centimetres."""
        return self.spacing * len(self)

    limit = 40


if garden.OPEN:
    async def harvest(row):
        pass


def _unused(row): pass
'''

JAVASCRIPT = """\
import { water } from "./water.js";

/**
 * Grows a bean.
 */
export default function grow(bean) {
  return bean;
}

export class Row extends Array {
  spacing = 20;
  /** Waters all. */
  water() {
    return this.map(grow);
  }
  tidy = () => {
    this.sort();
  };
}

const harvest = async (row) => {
  return row.length; // kilograms
};
exports.weigh = function (row) {
  return 1;
};
"""
TYPESCRIPT = """\
export interface Bean {
  length: number;
}
namespace Tools {
  export function rake(): void {
  }
}
export abstract class Row<T> {
  abstract water(): void;
  grow(bean: Bean): Bean {
    return bean;
  }
}
export type Rows = {
  all: Row[];
};
"""
JAVA = """\
package garden;

/** A row of beans. */
@Deprecated
public class Row {
  private int spacing = 20;

  /** Waters all. */
  @Override
  public void water() {
    grow();
  }

  enum Kind {
    RUNNER, BROAD
  }
}
"""
GO = """\
package garden

// Row holds beans.
type Row struct {
	spacing int
}

// Water waters all.
func (row *Row) Water() {
	grow(row)
}

func grow(row *Row) {
}
"""
RUST = """\
//! Beans and their rows.

/// A row of beans.
#[derive(Debug)]
pub struct Row<T> {
    spacing: u32,
}

impl<T> Row<T> {
    /// Waters all.
    pub fn water(&self) {
        grow(self)
    }
}

mod tools {
    fn rake() {
        1
    }
}
"""
C = """\
#ifndef ROW_H
#define ROW_H
/* A row of beans. */
struct row {
    int spacing;
};

/* Waters all. */
int *water(struct row *row);

static int grow(struct row *row)
{
    return row->spacing;
}
#endif
"""
CPP = """\
namespace garden {
/// A row of beans.
class Row : public List {
public:
  /// Waters all.
  void water() const {
    grow();
  }
  int length();
};
}
template <typename T>
T grow(T bean) {
  return bean;
}
int garden::Row::length() {
  return 1;
}
"""
CSHARP = """\
namespace Garden
{
    /// <summary>A row of beans.</summary>
    public class Row
    {
        public int Spacing { get; set; }

        /// <summary>Waters all.</summary>
        public void Water()
        {
            Grow();
        }
    }
}
"""
