"""Programming languages as data: which nodes of tree-sitter's trees are definitions, and which hold some."""

from collections.abc import Callable

import tree_sitter_c
import tree_sitter_c_sharp
import tree_sitter_cpp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_rust
import tree_sitter_typescript

from idiolect.records import Record


class Grammar(Record, frozen=True, kw_only=True):
    """One language.

    `definitions` are functions, types and the like; of them `scopes` hold definitions that stand
    for themselves, such as methods.  `wrappers` stand round one definition, as decorators and
    exports do; `groups` round any number, as namespaces and conditions do.  `named_by` says which
    field is a node's name where that is not its `name`.
    """

    name: str
    language: Callable[[], object]
    definitions: frozenset[str]
    scopes: frozenset[str]
    wrappers: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    named_by: dict[str, str] = {}
    separator: str = "."


COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
ATTRIBUTES = frozenset({"decorator", "attribute_item"})
"""What belongs, as a comment does, to the definition below it where it is no part of it."""

PYTHON = Grammar(
    name="Python",
    language=tree_sitter_python.language,
    definitions=frozenset({"function_definition", "class_definition"}),
    scopes=frozenset({"class_definition"}),
    wrappers=frozenset({"decorated_definition"}),
    groups=frozenset(
        {
            *("if_statement", "elif_clause", "else_clause", "try_statement", "except_clause"),
            *("finally_clause", "with_statement", "block"),
        }
    ),
)

_JAVASCRIPT = Grammar(
    name="JavaScript",
    language=tree_sitter_javascript.language,
    definitions=frozenset(
        {
            *("function_declaration", "generator_function_declaration", "class_declaration"),
            *("method_definition", "arrow_function", "function_expression", "generator_function", "class"),
        }
    ),
    scopes=frozenset({"class_declaration", "class"}),
    wrappers=frozenset(
        {
            *("export_statement", "lexical_declaration", "variable_declaration", "variable_declarator"),
            *("expression_statement", "assignment_expression", "field_definition"),
        }
    ),
    named_by={"assignment_expression": "left", "field_definition": "property"},
)

_TYPESCRIPT = Grammar(
    name="TypeScript",
    language=tree_sitter_typescript.language_typescript,
    definitions=frozenset(
        {
            *_JAVASCRIPT.definitions,
            *("interface_declaration", "type_alias_declaration", "enum_declaration"),
            *("abstract_class_declaration", "function_signature", "abstract_method_signature"),
        }
    ),
    scopes=frozenset({*_JAVASCRIPT.scopes, "abstract_class_declaration"}),
    wrappers=frozenset({*_JAVASCRIPT.wrappers, "public_field_definition"}),
    groups=frozenset({"ambient_declaration", "module", "internal_module", "statement_block"}),
    named_by=_JAVASCRIPT.named_by,
)

_TSX = Grammar(
    name="TypeScript",
    language=tree_sitter_typescript.language_tsx,
    definitions=_TYPESCRIPT.definitions,
    scopes=_TYPESCRIPT.scopes,
    wrappers=_TYPESCRIPT.wrappers,
    groups=_TYPESCRIPT.groups,
    named_by=_TYPESCRIPT.named_by,
)

_JAVA_TYPES = frozenset(
    {
        *("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"),
        "annotation_type_declaration",
    }
)

_JAVA = Grammar(
    name="Java",
    language=tree_sitter_java.language,
    definitions=_JAVA_TYPES
    | {"method_declaration", "constructor_declaration", "compact_constructor_declaration"},
    scopes=_JAVA_TYPES,
    groups=frozenset({"enum_body_declarations"}),
)

_GO = Grammar(
    name="Go",
    language=tree_sitter_go.language,
    definitions=frozenset({"function_declaration", "method_declaration", "type_spec", "type_alias"}),
    scopes=frozenset(),
    wrappers=frozenset({"type_declaration"}),
)

_RUST = Grammar(
    name="Rust",
    language=tree_sitter_rust.language,
    definitions=frozenset(
        {
            *("function_item", "function_signature_item", "struct_item", "enum_item", "union_item"),
            *("trait_item", "impl_item", "macro_definition", "type_item"),
        }
    ),
    scopes=frozenset({"trait_item", "impl_item"}),
    groups=frozenset({"mod_item", "foreign_mod_item", "declaration_list"}),
    named_by={"impl_item": "type"},
    separator="::",
)

_C_GROUPS = frozenset(
    {
        *("preproc_ifdef", "preproc_if", "preproc_else", "preproc_elif", "linkage_specification"),
        "declaration_list",
    }
)

_C = Grammar(
    name="C",
    language=tree_sitter_c.language,
    definitions=frozenset(
        {
            *("function_definition", "function_declarator", "struct_specifier", "union_specifier"),
            *("enum_specifier", "type_definition", "preproc_function_def"),
        }
    ),
    scopes=frozenset(),
    wrappers=frozenset({"declaration", "pointer_declarator"}),
    groups=_C_GROUPS,
)

_CPP_TYPES = frozenset({"class_specifier", "struct_specifier", "union_specifier"})

_CPP = Grammar(
    name="C++",
    language=tree_sitter_cpp.language,
    definitions=_C.definitions | _CPP_TYPES | {"concept_definition", "alias_declaration"},
    scopes=_CPP_TYPES,
    wrappers=_C.wrappers | {"field_declaration", "template_declaration", "reference_declarator"},
    groups=_C_GROUPS | {"namespace_definition"},
    separator="::",
)

_CSHARP_TYPES = frozenset(
    {
        *("class_declaration", "interface_declaration", "struct_declaration", "record_declaration"),
        "enum_declaration",
    }
)

_CSHARP = Grammar(
    name="C#",
    language=tree_sitter_c_sharp.language,
    definitions=_CSHARP_TYPES
    | {
        *("method_declaration", "constructor_declaration", "destructor_declaration", "property_declaration"),
        *("operator_declaration", "indexer_declaration", "delegate_declaration"),
    },
    scopes=_CSHARP_TYPES,
    groups=frozenset({"namespace_declaration", "declaration_list", "preproc_if", "preproc_else"}),
)

GRAMMARS = {
    ".py": PYTHON,
    ".js": _JAVASCRIPT,
    ".mjs": _JAVASCRIPT,
    ".jsx": _JAVASCRIPT,
    ".ts": _TYPESCRIPT,
    ".tsx": _TSX,
    ".java": _JAVA,
    ".go": _GO,
    ".rs": _RUST,
    ".c": _C,
    ".h": _CPP,
    ".cpp": _CPP,
    ".cc": _CPP,
    ".hpp": _CPP,
    ".cs": _CSHARP,
}
"""By suffix; a header may be of C or C++, which has all that C has."""
