{# Each model of this project compares a chunk of pairs. Its file holds not SQL but
   JSON: the work (write.go). This materialization climbs the ladder, one rung after
   the other. It hands over its replies (reply.go) with dot_answer. All values from the
   database are text. #}
{% materialization dot_compare, default %}
  {%- set work = fromjson(sql) -%}
  {%- set relations = dot_relations(work.metadata) -%}
  {%- set pairs = [] -%}
  {%- for pair in work.pairs -%}
    {%- do pairs.append(dot_pair(work.facts, pair, relations.get(loop.index0 ~ 'a'), relations.get(loop.index0 ~ 'b'))) -%}
  {%- endfor -%}
  {%- do dot_fingerprints(work.facts, pairs) -%}
  {%- set found = [] -%}
  {%- for pair in pairs -%}
    {%- if pair.work.depth == 'profile' and pair.found.b and pair.found.b.readable -%}
      {%- do dot_profile(work.facts, pair) -%}
    {%- endif -%}
    {%- if pair.work.depth in ['fingerprint', 'detail'] and pair.found.sums.a != pair.found.sums.b and pair.columns and pair.found.comparable -%}
      {%- do dot_rename(work.facts, pair) -%}
      {%- set renamed = pair.found.renamed -%}
      {%- if pair.work.depth == 'detail' and (not renamed or renamed.a != renamed.b) -%}
        {%- do dot_detail(work.facts, pair) -%}
      {%- endif -%}
    {%- endif -%}
    {%- if pair.work.depth == 'detail' and pair.found.comparable -%}
      {%- do dot_renamed_columns(work.facts, pair) -%}
    {%- endif -%}
    {%- do found.append(pair.found) -%}
  {%- endfor -%}
  {%- do dot_answer(model, {'version': 1, 'pairs': found}, found | length, 'compared ' ~ (found | length)) -%}
  {{ return({'relations': []}) }}
{% endmaterialization %}


{# The database's metadata of the relations, by the pair's number and the side. The
   query returns a row for each column: number and side, kind, "no" if the relation
   can't be read, column, type. #}
{% macro dot_relations(query) %}
  {%- set relations = {} -%}
  {%- for row in dot_rows(query) -%}
    {%- set relation = relations.setdefault(row[0], {'kind': row[1], 'readable': row[2] != 'no', 'columns': []}) -%}
    {%- if row[3] is not none -%}
      {%- do relation.columns.append([row[3], row[4]]) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(relations) }}
{% endmacro %}


{# A pair with its common columns, in the order of their names. #}
{% macro dot_pair(facts, work, a, b) %}
  {%- set found = {'id': work.id, 'a': a, 'b': b, 'sums': {'a': none, 'b': none}, 'compared': [], 'undecided': [], 'ignored': [], 'notes': []} -%}
  {%- do found.update({'comparable': a is not none and b is not none and a.readable and b.readable}) -%}
  {%- set pair = {'work': work, 'found': found, 'columns': []} -%}
  {%- if a is none or b is none -%}
    {{ return(pair) }}
  {%- endif -%}
  {%- set types = {'a': {}, 'b': {}} -%}
  {%- for side, relation in [('a', a), ('b', b)] -%}
    {%- for column in relation.columns -%}
      {%- do types[side].update({column[0]: column[1]}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- set names = [] -%}
  {%- for name in types.b -%}
    {%- if name in types.a -%}{%- do names.append(name) -%}{%- endif -%}
  {%- endfor -%}
  {%- for name in work.ignore -%}
    {%- do found.ignored.extend(dot_named(name, types.a)) -%}
    {%- do found.ignored.extend(dot_named(name, types.b)) -%}
  {%- endfor -%}
  {%- set tolerances = {} -%}
  {%- for name, tolerance in work.tolerance.items() if name != '' -%}
    {%- for column in dot_named(name, types.b) -%}{%- do tolerances.update({column: tolerance}) -%}{%- endfor -%}
  {%- endfor -%}

  {%- set ends = {} -%}
  {%- for name, current in work.ends.items() -%}
    {%- for column in dot_named(name, types.b) -%}{%- do ends.update({column: current}) -%}{%- endfor -%}
  {%- endfor -%}

  {%- set plans = {} -%}
  {%- set by_name = {} -%}
  {%- for name in names | sort(case_sensitive=true) -%}
    {%- set id = types.a[name] ~ '|' ~ types.b[name] -%}
    {%- if id not in plans -%}
      {%- do plans.update({id: dot_plan(facts, types.a[name], types.b[name])}) -%}
    {%- endif -%}
    {%- set plan = plans[id] -%}
    {%- set quoted = facts.quote ~ (name | replace(facts.quote, facts.escape)) ~ facts.quote -%}
    {%- set column = {
      'name': name, 'quoted': quoted, 'hash': plan.hash, 'shown': plan.shown, 'number': plan.number, 'textual': plan.textual,
      'a': plan.a.format(quoted), 'b': plan.b.format(quoted),
      'text': {'a': plan.text.a.format(quoted), 'b': plan.text.b.format(quoted)},
      'tolerance': tolerances.get(name, work.tolerance.get('', 0)) if plan.number else 0,
    } -%}
    {%- if name in ends -%}
      {%- set value = facts.casts.text.value.format(dot_current(quoted, ends[name])) -%}
      {%- do column.update({'a': value, 'b': value, 'hash': facts.casts.text.hash or '{}', 'shown': facts.text, 'number': false, 'textual': false, 'tolerance': 0}) -%}
    {%- endif -%}
    {%- do by_name.update({name: column}) -%}
    {%- if name not in found.ignored -%}
      {%- if plan.undecided and name not in ends -%}
        {%- do found.undecided.append(name) -%}
      {%- else -%}
        {%- do pair.columns.append(column) -%}
        {%- do found.compared.append(name) -%}
      {%- endif -%}
      {%- if plan.note and name not in ends -%}
        {%- do found.notes.append(name ~ ': ' ~ plan.note) -%}
      {%- endif -%}
    {%- endif -%}
  {%- endfor -%}
  {%- do pair.update({'by_name': by_name}) -%}
  {{ return(pair) }}
{% endmacro %}


{# Whether a row is current, by the column that ends its validity: that is NULL or the
   given expression. #}
{% macro dot_current(column, current) %}
  {{ return('case when ' ~ column ~ ' is null' ~ (' or ' ~ column ~ ' = (' ~ current ~ ')' if current) ~ " then 'current' else 'ended' end") }}
{% endmacro %}


{# The columns that a name means: the column with exactly this name, else the only
   one that differs in case alone. #}
{% macro dot_named(name, columns) %}
  {%- if name in columns -%}
    {{ return([name]) }}
  {%- endif -%}
  {%- set alike = [] -%}
  {%- for column in columns if column | lower == name | lower -%}
    {%- do alike.append(column) -%}
  {%- endfor -%}
  {{ return(alike if alike | length == 1 else []) }}
{% endmacro %}


{# The row count and fingerprint of each relation: one statement for the whole chunk. #}
{% macro dot_fingerprints(facts, pairs) %}
  {%- set selects = [] -%}
  {%- for pair in pairs -%}
    {%- set number = loop.index0 -%}
    {%- for side in ['a', 'b'] if pair.work.depth != 'columns' and pair.found[side] and pair.found[side].readable -%}
      {%- do selects.append(dot_fingerprint(facts, pair, side, number)) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- if selects -%}
    {%- for row in dot_rows(selects | join('\nunion all\n')) -%}
      {%- do pairs[row[0] | int].found.sums.update({row[1]: [row[2], row[3]]}) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}


{# The query for the row count and fingerprint of one relation. #}
{% macro dot_fingerprint(facts, pair, side, number) %}
  {%- set sum = 'null' -%}
  {%- if pair.work.depth not in ['counts', 'profile'] and pair.columns and pair.found.comparable -%}
    {%- set sum = facts.sum.format(facts.mix.format(dot_row_hash(facts, pair.columns, side))) -%}
  {%- endif -%}
  {{ return("select '" ~ number ~ "' as pair, '" ~ side ~ "' as side, "
    ~ facts.text.format('count(*)') ~ ' as n, ' ~ facts.text.format(sum) ~ ' as fingerprint from ' ~ dot_from(pair, side)) }}
{% endmacro %}


{# Some columns may hold names that each build has in its own way, such as that of its
   schema (work.names: each with what replaces it). Finds these columns, replaces the
   names in them, and takes the fingerprints again. #}
{% macro dot_rename(facts, pair) %}
  {%- set columns, renamed = [], {} -%}
  {%- for column in pair.columns if column.textual and pair.work.names -%}
    {%- do columns.append(column) -%}
    {%- for side in ['a', 'b'] -%}
      {%- do renamed.update({loop.index0 ~ ' ' ~ column.name: dot_renamed(facts, column[side], pair.work.names)}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- set holding = [] -%}
  {%- if columns -%}
    {%- set selects = [] -%}
    {%- for side in ['a', 'b'] -%}
      {%- set number, values = loop.index0, [] -%}
      {%- for column in columns -%}
        {%- do values.append(facts.text.format('max(case when ' ~ renamed[number ~ ' ' ~ column.name] ~ ' <> ' ~ column[side] ~ ' then 1 else 0 end)') ~ ' as v' ~ loop.index0) -%}
      {%- endfor -%}
      {%- do selects.append('select ' ~ values | join(', ') ~ ' from ' ~ dot_from(pair, side)) -%}
    {%- endfor -%}
    {%- set rows = dot_rows(selects | join('\nunion all\n')) -%}
    {%- for column in columns -%}
      {%- if rows[0][loop.index0] == '1' or rows[1][loop.index0] == '1' -%}
        {%- do holding.append(column.name) -%}
        {%- do column.update({'a': renamed['0 ' ~ column.name], 'b': renamed['1 ' ~ column.name]}) -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
  {%- if holding -%}
    {%- do pair.found.update({'holding': holding, 'renamed': {}}) -%}
    {%- for row in dot_rows(dot_fingerprint(facts, pair, 'a', 0) ~ '\nunion all\n' ~ dot_fingerprint(facts, pair, 'b', 0)) -%}
      {%- do pair.found.renamed.update({row[1]: [row[2], row[3]]}) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}


{# A text without the names. #}
{% macro dot_renamed(facts, expression, names) %}
  {%- set value = [expression] -%}
  {%- for name in names -%}
    {%- do value.append(facts.replace.format(value[-1], name[0], name[1])) -%}
  {%- endfor -%}
  {{ return(value[-1]) }}
{% endmacro %}


{# A relation, with the condition of --where if there is one. #}
{% macro dot_from(pair, side) %}
  {%- if pair.work.where -%}
    {{ return(pair.work[side] ~ ' where (\n' ~ pair.work.where ~ '\n)') }}
  {%- endif -%}
  {{ return(pair.work[side]) }}
{% endmacro %}


{# The hash of a row's columns, not yet mixed. #}
{% macro dot_row_hash(facts, columns, side) %}
  {%- set terms = [] -%}
  {%- for column in columns -%}
    {%- do terms.append(facts.term.format(column.hash.format(column[side], loop.index), loop.index)) -%}
  {%- endfor -%}
  {%- if not facts.terms or terms | length <= facts.terms -%}
    {{ return(facts.row_hash.format(terms | join(facts['and']))) }}
  {%- endif -%}
  {%- set groups = [] -%}
  {%- for group in terms | batch(facts.terms) -%}
    {%- do groups.append(facts.row_hash.format(group | join(facts['and']))) -%}
  {%- endfor -%}
  {{ return(facts.row_hash.format(groups | join(facts['and']))) }}
{% endmacro %}
