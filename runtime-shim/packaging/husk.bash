# SPDX-License-Identifier: Apache-2.0
# Completion for bash: commands, flags as the command itself lists them, ids of containers.
_husk() {
	local cur=${COMP_WORDS[COMP_CWORD]} w cmd=
	local commands="do create start run exec spec list state kill delete ps wait pause resume events update features install doctor help version"
	for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $w == -* ]] || { cmd=$w; break; }
	done
	case $cur in
	-*)
		COMPREPLY=($(compgen -W "$(husk ${cmd:+"$cmd"} --help 2>/dev/null | grep -oE -- '^ *--[a-z0-9-]+' | tr -d ' ')" -- "$cur"))
		return ;;
	esac
	case $cmd in
	'') COMPREPLY=($(compgen -W "$commands" -- "$cur")) ;;
	help) COMPREPLY=($(compgen -W "$commands syscalls platforms" -- "$cur")) ;;
	start|exec|state|kill|delete|ps|wait|pause|resume|events|update)
		COMPREPLY=($(compgen -W "$(husk list 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$cur")) ;;
	*) COMPREPLY=($(compgen -f -- "$cur")) ;;
	esac
}
complete -o filenames -F _husk husk
