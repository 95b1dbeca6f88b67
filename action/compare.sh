#!/usr/bin/env bash
# What action.yml does between checkout and comment: gets the rules at base and at head, compares them, and proves the contract.
# Run in the checkout of head, with the action's inputs as variables. Leaves the exit code, and what there is to say, in GITHUB_OUTPUT.
set -euo pipefail

say_and_stop() {
  printf '::error title=landfall::%s\n' "$1"
  exit 2
}

# Runs landfall in a folder ($1), by which its report names files.
landfall_in() {
  (cd "$1" && shift && node --disable-warning=ExperimentalWarning --conditions=landfall-source "$GITHUB_ACTION_PATH/harness/cli/main.ts" "$@")
}
landfall() { landfall_in "$work" "$@"; }

# Gives the commit that head is compared with; a wrong one would find nothing, and say that all is well.
find_base() {
  local head base named
  head=$(git rev-parse HEAD)
  if [ -n "$BASE" ]; then
    base=$BASE
  elif [ -n "$PULL_REQUEST_BASE" ]; then
    # GitHub checks out the merge of base and pull request; its first parent is the base that was merged.
    if [ "$head" = "$GITHUB_SHA" ] && git rev-parse --quiet --verify 'HEAD^2' >/dev/null; then
      base='HEAD^1'
    else
      fetch "$PULL_REQUEST_BASE"
      base=$(git merge-base "$PULL_REQUEST_BASE" HEAD) ||
        say_and_stop "The commit at which the pull request left its base is not in this checkout: let actions/checkout fetch it (fetch-depth: 0)."
    fi
  elif [ -n "$PUSHED_BEFORE" ] && [ -n "${PUSHED_BEFORE//0/}" ]; then
    base=$PUSHED_BEFORE
  else
    say_and_stop "This event has no commit to compare with: give one as the input base."
  fi
  fetch "$base"
  named=$base
  base=$(git rev-parse --quiet --verify "$named^{commit}") ||
    say_and_stop "The commit $named is not in this checkout: let actions/checkout fetch it (fetch-depth: 2 for pull requests, 0 for pushes)."
  [ "$base" != "$head" ] || say_and_stop "Base and head are the same commit, $head: there is nothing to compare. Check out the pull request, or give the input base."
  printf '%s' "$base"
}

fetch() {
  git rev-parse --quiet --verify "$1^{commit}" >/dev/null || git fetch --quiet --no-tags --depth=1 origin "$1" >/dev/null 2>&1 || true
}

# A link in a pull request may lead to any file of the runner, and what cannot be read as rules is quoted.
refuse_link() {
  [ "$(realpath "$1/$2")" = "$(realpath "$1")/$(realpath --no-symlinks --relative-to="$1" "$1/$2")" ] ||
    say_and_stop "$2 is a symbolic link, or leads through one: give the file itself."
}

# Puts the rules of a checkout ($2) under base/ or head/ ($1) of the work folder.
get_rules() {
  local side=$1 checkout=$2 file
  mkdir -p "$work/$side"
  if [ -n "$COMMAND" ]; then
    (cd "$checkout" && bash -e -o pipefail -c "$COMMAND") >"$work/$side/rules" ||
      say_and_stop "At $side the command failed with exit code $?: $COMMAND"
    return
  fi
  for file in "${files[@]}"; do
    mkdir -p "$work/$side/$(dirname "$file")"
    if [ -f "$checkout/$file" ]; then
      refuse_link "$checkout" "$file"
      cp "$checkout/$file" "$work/$side/$file"
    elif [ "$side" = base ]; then
      # A file that the change adds: before it there was no rule. What it says of its family stays.
      grep '^#' "$head/$file" >"$work/$side/$file" || true
      new+=("$file")
    else
      say_and_stop "There is no file $file at head: the input rules names files by their paths in the repository."
    fi
  done
}

# Gives the files of a side as landfall diff takes them.
join_files() {
  local side=$1 joined
  joined=$(printf ",$side/%s" "${files[@]}")
  printf '%s' "${joined:1}"
}

# Makes the higher of two exit codes the verdict: 1 (a flow, a clause) outranks 2 (bad input), which outranks 3 (not known).
add_code() {
  local code
  for code in 1 2 3; do
    if [ "$exit_code" = "$code" ] || [ "$1" = "$code" ]; then
      exit_code=$code
      return
    fi
  done
  [ "$1" = 0 ] || exit_code=$1
}

[ -n "$RULES$COMMAND" ] || say_and_stop "Give the input rules or the input command."
[ -z "$RULES" ] || [ -z "$COMMAND" ] || say_and_stop "Give either the input rules or the input command."
[ "$FAIL_ON" = unaccepted ] || [ "$FAIL_ON" = difference ] || say_and_stop "fail-on is \"unaccepted\" or \"difference\", not \"$FAIL_ON\"."

head=$PWD
work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/landfall-XXXXXX")
base_commit=$(find_base) || { printf '%s\n' "$base_commit"; exit 2; }
git worktree add --quiet --detach "$work/checkout" "$base_commit"
trap 'git worktree remove --force "$work/checkout"' EXIT

files=(rules)
new=()
[ -z "$RULES" ] || IFS=, read -ra files <<<"$RULES"
for i in "${!files[@]}"; do read -r "files[$i]" <<<"${files[$i]}"; done
get_rules head "$head"
get_rules base "$work/checkout"

mesh=()
if [ -n "$MESH" ]; then
  mapfile -t mesh < <(xargs printf '%s\n' <<<"$MESH")
  mesh=(--mesh "${mesh[@]}")
fi

compared=("$(join_files base)" "$(join_files head)" "${mesh[@]}" --report "$work/diff.md" --json)
exit_code=0
code=0
landfall diff "${compared[@]}" --write-accept "$work/found.json" >"$work/diff.json" 2>"$work/diff.err" || code=$?
equal=$([ $code = 0 ] && echo true || { [ $code = 1 ] && echo false || echo unknown; })
has_accepted=no
if [ $code = 1 ] && [ "$FAIL_ON" = unaccepted ] && [ -f "$head/$ACCEPT" ] && ! cmp --silent "$head/$ACCEPT" "$work/checkout/$ACCEPT"; then
  refuse_link "$head" "$ACCEPT"
  has_accepted=yes
  code=0
  landfall diff "${compared[@]}" --accept "$head/$ACCEPT" >"$work/diff.json" 2>"$work/diff.err" || code=$?
fi
add_code "$code"

{
  if [ -f "$work/diff.md" ]; then
    cat "$work/diff.md"
  else
    printf '### ❓ landfall: the rules cannot be compared\n\n````text\n%s\n````\n' "$(cat "$work/diff.err")"
  fi
  [ ${#new[@]} = 0 ] || printf '\nNew in this change, compared with no rules: %s.\n' "${new[*]}"
  if [ "$code" = 1 ] && [ "$FAIL_ON" = unaccepted ]; then
    printf '\n<details><summary>To accept these changes, write this to %s</summary>\n\n````json\n%s\n````\n\n</details>\n' \
      "$ACCEPT" "$(cat "$work/found.json")"
  fi
} >"$work/report.md"

if [ -n "$CONTRACT" ]; then
  [ -f "$head/$CONTRACT" ] || say_and_stop "There is no contract file $CONTRACT at head."
  refuse_link "$head" "$CONTRACT"
  # In the checkout, so that the commands of the report are those that a person runs there.
  rules=()
  for file in "${files[@]}"; do
    [ -z "$COMMAND" ] || file=$work/head/$file
    rules+=(--rules "$file")
  done
  code=0
  landfall_in "$head" prove --contract "$CONTRACT" "${rules[@]}" >"$work/prove.txt" 2>&1 || code=$?
  add_code "$code"
  case $code in
    0) heading="✅ The rules fulfil the contract $CONTRACT." ;;
    1) heading="❌ The rules break the contract $CONTRACT." ;;
    *) heading="❓ It is not known whether the rules fulfil the contract $CONTRACT." ;;
  esac
  printf '\n### %s\n\n<details><summary>Each clause</summary>\n\n````text\n%s\n````\n\n</details>\n' \
    "$heading" "$(cat "$work/prove.txt")" >>"$work/report.md"
fi

cat "$work/report.md" >>"$GITHUB_STEP_SUMMARY"
# Rules of a pull request may hold anything: in the log none of it is a command to the runner.
token=landfall-$RANDOM$RANDOM$RANDOM
printf '::stop-commands::%s\n' "$token"
cat "$work/report.md"
printf '::%s::\n' "$token"
# Nothing is said on a pull request under which every flow lands as before, and the contract holds.
news=$([ "$exit_code" != 0 ] || [ $has_accepted = yes ] && echo yes || echo no)
{
  printf 'equal=%s\n' "$equal"
  printf 'exit-code=%s\n' "$exit_code"
  printf 'report=%s\n' "$work/report.md"
  printf 'news=%s\n' "$news"
} >>"$GITHUB_OUTPUT"
