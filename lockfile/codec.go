package lockfile

import (
	"reflect"
	"strings"
)

// The codec walks struct fields in declaration order. Tags:
//
//	json:"key"            always written, a nil slice as []
//	json:"key,omitzero"   absent when nil, "" or false
//	json:"key,omitempty"  absent also when an empty slice
//	lock:"required"       missing is a fault in every schema version
//	lock:"read"           accepted, never written
type fieldPlan struct {
	index    int
	name     string
	presence presence
	required bool
	readOnly bool
}

// plans caches field plans for one call; reflection over the tags of a few
// types is cheap, and a process-wide cache would be shared state.
type plans map[reflect.Type][]fieldPlan

func (p *plans) of(t reflect.Type) []fieldPlan {
	if fields, ok := (*p)[t]; ok {
		return fields
	}
	fields := make([]fieldPlan, t.NumField())
	for i := range fields {
		tag := t.Field(i).Tag
		name, option, _ := strings.Cut(tag.Get("json"), ",")
		f := fieldPlan{index: i, name: name, required: tag.Get("lock") == "required", readOnly: tag.Get("lock") == "read"}
		switch option {
		case "omitzero":
			f.presence = given
		case "omitempty":
			f.presence = nonEmpty
		}
		fields[i] = f
	}
	if *p == nil {
		*p = plans{}
	}
	(*p)[t] = fields
	return fields
}
